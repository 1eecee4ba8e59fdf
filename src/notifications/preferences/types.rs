//! Bodies and answers of preferences.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::audit::Changes;
use crate::db::text_enum;
use crate::fields::{self, Fields, FromFields, Read};
use crate::notifications::types::NotificationKind;

text_enum! {
    /// In which language a user gets e-mails.
    #[derive(Default)]
    pub enum Locale {
        /// Korean.
        #[default]
        Ko = "ko",
        /// English.
        En = "en",
    }
}

/// How one kind of notification reaches the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct KindPreference {
    /// In the list and the stream.
    #[schema(example = true)]
    pub in_app: bool,
    /// By e-mail.
    #[schema(example = false)]
    pub email: bool,
}

impl Default for KindPreference {
    fn default() -> Self {
        Self { in_app: true, email: false }
    }
}

/// A user's preferences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NotificationPreferences {
    /// In which language he gets e-mails.
    pub locale: Locale,
    /// Each kind of notification, and how it reaches him.
    #[schema(example = json!({"task_assigned": {"in_app": true, "email": false}}))]
    pub kinds: BTreeMap<NotificationKind, KindPreference>,
}

impl NotificationPreferences {
    /// How they differ from these, for the audit log.
    pub fn changes_since(&self, old: &Self) -> Changes {
        let changes = Changes::default().field("locale", old.locale.as_str(), self.locale.as_str());
        self.kinds.iter().fold(changes, |changes, (kind, new)| {
            let (name, old) = (kind.as_str(), old.kinds.get(kind).copied().unwrap_or_default());
            let changes = changes.field(&format!("{name}.in_app"), old.in_app, new.in_app);
            changes.field(&format!("{name}.email"), old.email, new.email)
        })
    }
}

/// A change of preferences: what is absent stays.
#[derive(Debug, Clone, ToSchema)]
#[schema(example = json!({"locale": "en", "kinds": {"task_commented": {"in_app": true, "email": true}}}))]
pub struct NotificationPreferencesPatch {
    /// In which language he gets e-mails.
    #[schema(nullable = false)]
    pub locale: Option<Locale>,
    /// The kinds that change.
    #[schema(
        value_type = Option<BTreeMap<NotificationKind, KindPreferencePatch>>, nullable = false,
        example = json!({"task_commented": {"in_app": true, "email": true}}),
    )]
    pub kinds: BTreeMap<NotificationKind, KindPreferencePatch>,
}

impl FromFields for NotificationPreferencesPatch {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            locale: fields.optional("locale", fields::one_of::<Locale>),
            kinds: fields.optional("kinds", kinds).unwrap_or_default(),
        })
    }
}

impl NotificationPreferencesPatch {
    /// The preferences with the change applied.
    pub fn apply(&self, to: &NotificationPreferences) -> NotificationPreferences {
        let Self { locale, kinds } = self;
        let mut new = to.clone();
        fields::replace(&mut new.locale, *locale);
        for (kind, KindPreferencePatch { in_app, email }) in kinds {
            let preference = new.kinds.entry(*kind).or_default();
            fields::replace(&mut preference.in_app, *in_app);
            fields::replace(&mut preference.email, *email);
        }
        new
    }
}

/// A change of how one kind of notification reaches the user: what is absent stays.
#[derive(Debug, Clone, Copy, ToSchema)]
pub struct KindPreferencePatch {
    /// In the list and the stream.
    #[schema(nullable = false, example = true)]
    pub in_app: Option<bool>,
    /// By e-mail.
    #[schema(nullable = false, example = false)]
    pub email: Option<bool>,
}

impl FromFields for KindPreferencePatch {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let in_app = fields.optional("in_app", fields::boolean);
        let email = fields.optional("email", fields::boolean);
        Some(Self { in_app, email })
    }
}

/// Changes by the names of their kinds.
struct Kinds(BTreeMap<NotificationKind, KindPreferencePatch>);

impl FromFields for Kinds {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let mut kinds = BTreeMap::new();
        for name in NotificationKind::NAMES.iter().copied() {
            let patch = fields.optional(name, fields::object::<KindPreferencePatch>);
            kinds.extend(NotificationKind::parse(name).zip(patch));
        }
        Some(Self(kinds))
    }
}

fn kinds(value: Value) -> Read<BTreeMap<NotificationKind, KindPreferencePatch>> {
    fields::object::<Kinds>(value).map(|Kinds(kinds)| kinds)
}

/// An answer with the preferences.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationPreferencesAnswer {
    /// The preferences.
    pub preferences: NotificationPreferences,
}

/// The answer to a change.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationPreferencesChanged {
    /// For people.
    #[schema(value_type = String, example = "Preferences updated successfully")]
    pub message: &'static str,
    /// The preferences as they are now.
    pub preferences: NotificationPreferences,
}
