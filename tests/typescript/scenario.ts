// A tenant's day, through the client that is generated from the server's document.

import { contract } from "./contracts.js";
import { meeting } from "./meetings.js";
import { calendars, weeklyReport } from "./overview.js";
import { arrive, comeAndGo } from "./people.js";
import { comments, manyTasks, oneTask, taskFiles } from "./tasks.js";

const people = await arrive();
const task = await oneTask(people);
await comments(people, task);
await manyTasks(people, task);
await taskFiles(people);
await meeting(people);
await weeklyReport(people);
await calendars(people);
await contract(people);
await comeAndGo(people);
