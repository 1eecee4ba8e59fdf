//! Who may do what: the one table, and the two readings of it that `ROLE_POLICY` chooses between.

use crate::db::text_enum;

text_enum! {
    /// What a user is in a tenant.
    pub enum Role {
        /// Everything.
        Owner = "owner",
        /// Everything but deleting contracts and making owners.
        Admin = "admin",
        /// Reads contracts, without their amounts.
        Editor = "editor",
        /// Tasks and meetings.
        Analyst = "analyst",
        /// Tasks and meetings.
        Viewer = "viewer",
    }
}

impl Role {
    /// Every role, the mightiest first.
    pub const ALL: [Self; 5] = [Self::Owner, Self::Admin, Self::Editor, Self::Analyst, Self::Viewer];
}

/// Which columns of the table count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RolePolicy {
    /// As on the Flask server: whoever may read tasks and meetings may change them too.
    Compatible,
    /// As its authors planned.
    Strict,
}

/// How far a permission reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Not at all.
    Nothing,
    /// What the caller created.
    Own,
    /// Everything in the tenant.
    All,
}

use Reach::{All, Nothing, Own};

/// One column per role, in the order of [`Role::ALL`].
type Reaches = [Reach; 5];

const EVERYONE: Reaches = [All; 5];

macro_rules! actions {
    ($($(#[$meta:meta])* $Action:ident: compatible $compatible:expr, strict $strict:expr;)+) => {
        /// Something that needs permission. A handler names its action in its guard, `May<UpdateTask>`.
        pub trait Action: Send + Sync + 'static {
            /// Who may, under `ROLE_POLICY=compatible`.
            const COMPATIBLE: [Reach; 5];
            /// Who may, under `ROLE_POLICY=strict`.
            const STRICT: [Reach; 5];
        }

        $($(#[$meta])*
        #[derive(Debug)]
        pub struct $Action;

        impl Action for $Action {
            const COMPATIBLE: Reaches = $compatible;
            const STRICT: Reaches = $strict;
        })+

        #[cfg(test)]
        const TABLE: &[(&str, Reaches, Reaches)] = &[$((stringify!($Action), $Action::COMPATIBLE, $Action::STRICT)),+];
    };
}

// Columns:                               owner admin editor   analyst  viewer
actions! {
    /// Who am I; open to every role by nature.
    ReadSelf: compatible EVERYONE, strict EVERYONE;
    /// Change one's own password, end one's own sessions; open to every role by nature.
    ChangeSelf: compatible EVERYONE, strict EVERYONE;
    /// See one's own notifications, as a list and as a stream.
    ReadNotifications: compatible EVERYONE, strict EVERYONE;
    /// Mark one's own notifications as read, choose which ones one gets.
    ChangeNotifications: compatible EVERYONE, strict EVERYONE;
    /// See users, as far as a picker needs it.
    ListUsers: compatible EVERYONE, strict EVERYONE;
    /// Change a user; one's own is oneself, of whom everybody may change the name.
    UpdateUser: compatible [All, All, Own, Own, Own], strict [All, All, Own, Own, Own];
    /// Make and invite users, change their roles, let them in or not; see their addresses.
    ManageUsers: compatible [All, All, Nothing, Nothing, Nothing], strict [All, All, Nothing, Nothing, Nothing];
    /// Give the owner's role, and change an owner.
    ManageOwners: compatible [All, Nothing, Nothing, Nothing, Nothing], strict [All, Nothing, Nothing, Nothing, Nothing];
    /// See the audit log.
    ReadAuditLog: compatible [All, All, Nothing, Nothing, Nothing], strict [All, All, Nothing, Nothing, Nothing];
    /// See tasks.
    ReadTasks: compatible EVERYONE, strict EVERYONE;
    /// Make a task.
    CreateTask: compatible EVERYONE, strict [All, All, All, All, Nothing];
    /// Change a task.
    UpdateTask: compatible EVERYONE, strict [All, All, All, Own, Nothing];
    /// Delete a task.
    DeleteTask: compatible EVERYONE, strict [All, All, Nothing, Nothing, Nothing];
    /// Comment on a task.
    CreateComment: compatible EVERYONE, strict [All, All, All, All, Nothing];
    /// Change a comment.
    UpdateComment: compatible [All, All, Own, Own, Own], strict [All, All, Own, Own, Nothing];
    /// Delete a comment.
    DeleteComment: compatible [All, All, Own, Own, Own], strict [All, All, Own, Own, Nothing];
    /// See figures over all of it; those of contracts and amounts take their own permission too.
    ReadDashboard: compatible EVERYONE, strict EVERYONE;
    /// See meetings.
    ReadMeetings: compatible EVERYONE, strict EVERYONE;
    /// Make a meeting.
    CreateMeeting: compatible EVERYONE, strict [All, All, All, All, Nothing];
    /// Change a meeting.
    UpdateMeeting: compatible EVERYONE, strict [All, All, All, Own, Nothing];
    /// Publish a meeting, and change it while it is published, or put away after that.
    PublishMeeting: compatible EVERYONE, strict [All, All, All, Nothing, Nothing];
    /// Delete a meeting.
    DeleteMeeting: compatible EVERYONE, strict [All, All, Nothing, Nothing, Nothing];
    /// See reports of tasks and meetings.
    ReadReports: compatible EVERYONE, strict EVERYONE;
    /// See contracts.
    ReadContracts: compatible [All, All, All, Nothing, Nothing], strict [All, All, All, Nothing, Nothing];
    /// See the amount of a contract in clear.
    ReadAmounts: compatible [All, All, Nothing, Nothing, Nothing], strict [All, All, Nothing, Nothing, Nothing];
    /// Make a contract.
    CreateContract: compatible [All, All, Nothing, Nothing, Nothing], strict [All, All, Nothing, Nothing, Nothing];
    /// Change a contract.
    UpdateContract: compatible [All, All, Nothing, Nothing, Nothing], strict [All, All, Nothing, Nothing, Nothing];
    /// Let another contract follow a contract.
    RenewContract: compatible [All, All, Nothing, Nothing, Nothing], strict [All, All, Nothing, Nothing, Nothing];
    /// Delete a contract.
    DeleteContract: compatible [All, Nothing, Nothing, Nothing, Nothing], strict [All, Nothing, Nothing, Nothing, Nothing];
}

impl RolePolicy {
    /// How far this role may go with this action.
    pub fn reach<A: Action>(self, role: Role) -> Reach {
        self.reaches::<A>()[role as usize]
    }

    /// The roles that may do it to everything in the tenant.
    pub fn roles<A: Action>(self) -> Vec<Role> {
        Role::ALL.into_iter().filter(|role| self.reach::<A>(*role) == All).collect()
    }

    fn reaches<A: Action>(self) -> Reaches {
        match self {
            Self::Compatible => A::COMPATIBLE,
            Self::Strict => A::STRICT,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn size(reach: Reach) -> u8 {
        match reach {
            Nothing => 0,
            Own => 1,
            All => 2,
        }
    }

    proptest! {
        #[test]
        fn a_mightier_role_may_do_at_least_as_much(row in 0..TABLE.len(), mighty in 0_usize..5, weak in 0_usize..5) {
            prop_assume!(mighty <= weak);
            let (name, compatible, strict) = TABLE[row];
            prop_assert!(size(compatible[mighty]) >= size(compatible[weak]), "{name}");
            prop_assert!(size(strict[mighty]) >= size(strict[weak]), "{name}");
        }

        #[test]
        fn strict_never_allows_what_compatible_denies(row in 0..TABLE.len(), role in 0_usize..5) {
            let (name, compatible, strict) = TABLE[row];
            prop_assert!(size(strict[role]) <= size(compatible[role]), "{name}");
        }

        #[test]
        fn the_owner_may_do_everything(row in 0..TABLE.len()) {
            let (name, compatible, strict) = TABLE[row];
            prop_assert_eq!((compatible[0], strict[0]), (All, All), "{}", name);
        }
    }
}
