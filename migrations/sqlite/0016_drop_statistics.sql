-- What was gathered while the tables were almost empty misleads the planner when they are full; without any it goes by
-- the indexes, for which the statements are written.
drop table if exists sqlite_stat1;
drop table if exists sqlite_stat4;
