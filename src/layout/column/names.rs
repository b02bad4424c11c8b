//! The accounts table and its columns, as SQL has them.

use crate::{
    config::AccountsTable,
    layout::sql::{literal, quoted},
};

/// The table and its columns, as SQL has them.
pub(super) struct Names {
    pub(super) table: String,
    pub(super) id: String,
    pub(super) data: String,
    /// The column of the time of the last change.
    pub(super) changed: Option<String>,
    /// What sets it, behind another column's assignment.
    pub(super) touch: String,
}

impl Names {
    pub(super) fn of(names: &AccountsTable) -> Self {
        let changed = names.updated_at.as_deref().map(quoted);
        Self {
            table: format!("{}.{}", quoted(schema_of(names)), quoted(&names.table)),
            id: quoted(&names.id),
            data: quoted(&names.session_data),
            // `@updatedAt` is Prisma's doing, not the database's, and means UTC in a column without time zone.
            touch: changed
                .as_ref()
                .map(|column| format!(", {column} = now() AT TIME ZONE 'UTC'"))
                .unwrap_or_default(),
            changed,
        }
    }
}

pub(super) fn schema_of(names: &AccountsTable) -> &str {
    names.schema.as_deref().unwrap_or("public")
}

/// The accounts table, as SQL has it.
pub(crate) fn table_of(names: &AccountsTable) -> String {
    Names::of(names).table
}

/// What holds in SQL if there is an accounts table with a column for sessions.
pub(crate) fn is_there(names: &AccountsTable) -> String {
    format!(
        "EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass({}) AND attname = {} AND attnum > 0 \
         AND NOT attisdropped)",
        literal(&Names::of(names).table),
        literal(&names.session_data)
    )
}
