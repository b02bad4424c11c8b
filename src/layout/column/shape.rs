//! What there is of the accounts table, and what is not as it has to be.

use tokio_postgres::{
    Row,
    types::{ToSql, Type},
};

use super::names::{Names, schema_of};
use crate::{
    config::AccountsTable,
    error::{Code, Error, Result},
    pool::Pool,
    sql::quoted,
};

/// Types that are read as text.
const TEXTS: &str = "'text', 'varchar', 'bpchar', 'citext', 'name'";

/// The accounts table as it was found.
pub(crate) struct Shape {
    /// As SQL has it.
    table: String,
    schema: String,
    has_schema: bool,
    may_use_schema: bool,
    has_table: bool,
    columns: Vec<Column>,
}

/// A column that is to be there.
struct Column {
    /// Which setting names it.
    setting: &'static str,
    name: String,
    is_there: bool,
    kind: String,
    is_text: bool,
    may_select: bool,
    may_update: bool,
}

/// What is wrong, and what to do about it.
pub(crate) struct Problem {
    pub(crate) found: String,
    pub(crate) next: String,
}

const ID: &str = "id";
const DATA: &str = "sessionData";
const UPDATED_AT: &str = "updatedAt";

impl Shape {
    /// Looks at the table that these names are of.
    pub(crate) async fn look(pool: &Pool, names: &AccountsTable) -> Result<Self> {
        let schema = schema_of(names);
        let mut settings = vec![(ID, &names.id), (DATA, &names.session_data)];
        settings.extend(names.updated_at.as_ref().map(|name| (UPDATED_AT, name)));
        let wanted: Vec<&str> = settings.iter().map(|(_, name)| name.as_str()).collect();
        let params: [(&(dyn ToSql + Sync), Type); 3] = [
            (&schema, Type::TEXT),
            (&names.table, Type::TEXT),
            (&wanted, Type::TEXT_ARRAY),
        ];
        let statement = format!(
            "SELECT n.oid IS NOT NULL, coalesce(has_schema_privilege(n.oid, 'USAGE'), false), c.oid IS NOT NULL, \
               a.attnum IS NOT NULL, coalesce(format_type(a.atttypid, a.atttypmod), ''), \
               coalesce((SELECT b.typname IN ({TEXTS}) FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_type AS b \
                 ON b.oid = coalesce(nullif(t.typbasetype, 0), t.oid) WHERE t.oid = a.atttypid), false), \
               coalesce(has_column_privilege(c.oid, a.attnum, 'SELECT'), false), \
               coalesce(has_column_privilege(c.oid, a.attnum, 'UPDATE'), false) \
             FROM unnest($3::text[]) WITH ORDINALITY AS w (name, place) \
             LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = $1 \
             LEFT JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = $2 \
               AND c.relkind IN ('r', 'p', 'v', 'f') \
             LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attname = w.name AND a.attnum > 0 \
               AND NOT a.attisdropped \
             ORDER BY w.place"
        );
        let rows = pool.query(&statement, &params).await?;
        let flag = |row: &Row, at: usize| row.try_get(at).unwrap_or(false);
        let of_table = |at| rows.first().is_some_and(|row| flag(row, at));
        let columns = rows.iter().zip(settings).map(|(row, (setting, name))| Column {
            setting,
            name: name.clone(),
            is_there: flag(row, 3),
            kind: row.try_get(4).unwrap_or_default(),
            is_text: flag(row, 5),
            may_select: flag(row, 6),
            may_update: flag(row, 7),
        });
        Ok(Self {
            table: Names::of(names).table,
            schema: schema.to_owned(),
            has_schema: of_table(0),
            may_use_schema: of_table(1),
            has_table: of_table(2),
            columns: columns.collect(),
        })
    }

    /// The table, as SQL has it.
    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    /// Whether sessions may be in it: there is a column for them.
    pub(crate) fn holds_sessions(&self) -> bool {
        self.columns
            .iter()
            .any(|column| column.setting == DATA && column.is_there)
    }

    /// The schema that it is to be in, if there is none.
    pub(crate) fn lacks_schema(&self) -> bool {
        !self.has_schema
    }

    /// What is not as it has to be.
    pub(crate) fn problem(&self) -> Option<Problem> {
        let table = &self.table;
        if !self.has_schema {
            return Some(Problem {
                found: format!(
                    "the schema {} of the accounts table does not exist",
                    quoted(&self.schema)
                ),
                next:
                    "set the parameter schema of databaseUrl, or accountsTable.schema, to the one that the table is in"
                        .to_owned(),
            });
        }
        if !self.has_table {
            return Some(Problem {
                found: format!("the accounts table {table} does not exist"),
                next: format!(
                    "CREATE TABLE {table} ({}), or set accountsTable to the names of yours",
                    self.definitions()
                ),
            });
        }
        self.columns.iter().find_map(|column| self.problem_of(column))
    }

    fn problem_of(&self, column: &Column) -> Option<Problem> {
        let (table, setting, name) = (&self.table, column.setting, quoted(&column.name));
        let without = if setting == UPDATED_AT {
            ", or to null if there is none"
        } else {
            ""
        };
        if !column.is_there {
            return Some(Problem {
                found: format!("the accounts table {table} has no column {name}"),
                next: format!(
                    "ALTER TABLE {table} ADD COLUMN {}, or set accountsTable.{setting} to the name of yours{without}",
                    column.definition()
                ),
            });
        }
        (setting != UPDATED_AT && !column.is_text).then(|| Problem {
            found: format!(
                "the column {name} of the accounts table {table} is of type {}, not text",
                column.kind
            ),
            next: format!("set accountsTable.{setting} to a column of type text"),
        })
    }

    fn definitions(&self) -> String {
        self.columns
            .iter()
            .map(Column::definition)
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// What is to be granted to a role, so that it can use the table.
    pub(crate) fn missing_grants(&self, role: &str) -> Vec<String> {
        let role = quoted(role);
        let mut grants = Vec::new();
        if !self.may_use_schema {
            grants.push(format!("GRANT USAGE ON SCHEMA {} TO {role}", quoted(&self.schema)));
        }
        let mut missing = Vec::new();
        if self
            .columns
            .iter()
            .any(|column| column.setting != UPDATED_AT && !column.may_select)
        {
            missing.push("SELECT");
        }
        if self
            .columns
            .iter()
            .any(|column| column.setting != ID && !column.may_update)
        {
            missing.push("UPDATE");
        }
        if !missing.is_empty() {
            grants.push(format!("GRANT {} ON {} TO {role}", missing.join(", "), self.table));
        }
        grants
    }
}

impl Column {
    fn definition(&self) -> String {
        let kind = match self.setting {
            ID => "text PRIMARY KEY",
            UPDATED_AT => "timestamp(3)",
            _ => "text",
        };
        format!("{} {kind}", quoted(&self.name))
    }
}

/// Says what an error comes of that is about the table or a column, if it can be found out.
pub(super) async fn explain(pool: &Pool, names: &AccountsTable, error: Error) -> Error {
    let Some(state) = error.sql_state().filter(|_| error.code() == Code::Schema) else {
        return error;
    };
    match Shape::look(pool, names).await.map(|shape| shape.problem()) {
        Ok(Some(Problem { found, next })) => Error::from_server(Code::Schema, found, state).advising(next),
        _ => error,
    }
}
