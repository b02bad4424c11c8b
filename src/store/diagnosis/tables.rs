//! Where sessions are, or are going to be, and whether it is as this version needs it.

use super::check::Check;
use crate::{
    config::LayoutName,
    error::Result,
    layout::{
        column::Shape,
        home::Home,
        rows::{Rights, ddl::FORMAT, schema},
    },
    pool::Pool,
    store::backend::Blueprint,
};

/// Where sessions are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In tables that are made when the first account is opened.
    Nowhere,
    Rows,
    Column,
}

/// What there is of tables.
pub(super) struct Found {
    pub(super) rights: Rights,
    pub(super) accounts: Shape,
    /// The format of the tables of layout rows, and the layout that stands in them.
    store: Option<(i32, LayoutName)>,
}

/// Looks at both layouts' tables.
pub(super) async fn look(blueprint: &Blueprint) -> Result<Found> {
    let pool: &Pool = &blueprint.pool;
    let rights = Rights::look(pool, &blueprint.schema).await?;
    let accounts = Shape::look(pool, &blueprint.accounts_table).await?;
    let store = match rights.has_store() && rights.may_read_store() {
        true => {
            let format = schema::format(pool, &blueprint.schema).await?;
            let layout = Home::find(blueprint.pool.clone(), &blueprint.schema).await?.layout();
            format.zip(layout)
        }
        false => None,
    };
    Ok(Found {
        rights,
        accounts,
        store,
    })
}

impl Found {
    /// What is to be said of the tables; and, if there is more to look at, where sessions are.
    pub(super) fn judge(&self, blueprint: &Blueprint) -> (Check, Option<Place>) {
        let failed = |found: String, next: String| (Check::failed("tables", found, next), None);
        let place = match self.store {
            Some((format, _)) if format != FORMAT => return (self.another_format(blueprint, format), None),
            Some((_, layout)) => match blueprint.layout {
                Some(told) if told != layout => {
                    let error = blueprint.elsewhere(told, layout);
                    return (Check::of_error("tables", &error), None);
                }
                _ if layout == LayoutName::Rows => Place::Rows,
                _ => Place::Column,
            },
            None if self.rights.has_store() => {
                return failed(
                    format!("the role may not read the tables of schema {}", blueprint.schema),
                    self.rights.missing_grants().join("; "),
                );
            }
            None => self.place_without_rows(blueprint),
        };
        let absent = self.rights.absent();
        if self.store.is_some() && !absent.is_empty() {
            return failed(
                format!("schema {} lacks {}", blueprint.schema, absent.join(", ")),
                "put the schema back from a backup, all of it, or drop it if no session in it is needed any more"
                    .to_owned(),
            );
        }
        if place == Place::Column
            && let Some(problem) = self.accounts.problem()
        {
            return failed(problem.found, problem.next);
        }
        if place == Place::Nowhere {
            return self.nothing_yet(blueprint);
        }
        (Check::ok("tables", self.describe(blueprint, place)), Some(place))
    }

    /// As opening an account decides it, where there are no tables for rows.
    fn place_without_rows(&self, blueprint: &Blueprint) -> Place {
        match blueprint.layout {
            Some(LayoutName::Column) => Place::Column,
            None if self.accounts.holds_sessions() => Place::Column,
            _ => Place::Nowhere,
        }
    }

    fn nothing_yet(&self, blueprint: &Blueprint) -> (Check, Option<Place>) {
        if blueprint.layout.is_none()
            && blueprint.accounts_table.schema.is_some()
            && self.accounts.lacks_schema()
            && let Some(problem) = self.accounts.problem()
        {
            return (Check::failed("tables", problem.found, problem.next), None);
        }
        // Sessions that are there would not be found, if the table's name is wrong.
        let nor = match blueprint.layout {
            Some(_) => String::new(),
            None => format!(", nor a table {} with a column for sessions", self.accounts.table()),
        };
        let found = format!(
            "none yet{nor}; those of layout rows are made in schema {} when an account is first opened",
            blueprint.schema
        );
        if blueprint.may_migrate {
            return (Check::ok("tables", found), Some(Place::Nowhere));
        }
        let check = Check::failed(
            "tables",
            "there are none, and autoMigrate is off",
            "have an administrator run what `npx baileys-postgres-auth migrate --sql` prints, or turn autoMigrate on",
        );
        (check, None)
    }

    fn another_format(&self, blueprint: &Blueprint, format: i32) -> Check {
        let found = format!("schema {} has format {format}, this version {FORMAT}", blueprint.schema);
        if format > FORMAT {
            return Check::failed(
                "tables",
                format!("{found}: a newer version has changed it"),
                "install that version here, too: npm install baileys-postgres-auth@latest",
            );
        }
        if blueprint.may_migrate && self.rights.may_change() {
            return Check::warning(
                "tables",
                found,
                "nothing: it is changed when an account is next opened, and processes of older versions are refused from then on",
            );
        }
        Check::failed(
            "tables",
            format!("{found}, and it may not be changed"),
            format!("have an administrator run what `npx baileys-postgres-auth migrate --sql --from {format}` prints"),
        )
    }

    fn describe(&self, blueprint: &Blueprint, place: Place) -> String {
        let table = self.accounts.table();
        match place {
            Place::Column => format!("layout column, table {table}"),
            _ if self.accounts.holds_sessions() => format!(
                "layout rows, schema {}, format {FORMAT}; sessions in table {table} are moved when they are opened",
                blueprint.schema
            ),
            _ => format!("layout rows, schema {}, format {FORMAT}", blueprint.schema),
        }
    }
}
