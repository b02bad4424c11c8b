//! What a role may do with the tables, and which of them are there.

use tokio_postgres::{
    Row,
    types::{ToSql, Type},
};

use crate::{error::Result, pool::Pool, sql::quoted};

const ALL: &[&str] = &["SELECT", "INSERT", "UPDATE", "DELETE"];

/// The tables for what could not be read, which most roles never come to use.
const ASIDE: [&str; 2] = ["quarantine", "quarantined_record"];

/// The tables, and what a role that uses them needs.
const NEEDED: [(&str, &[&str]); 5] = [
    ("store", &["SELECT"]),
    ("session", ALL),
    ("record", ALL),
    ("quarantine", ALL),
    ("quarantined_record", ALL),
];

/// What was found of a schema.
pub(crate) struct Rights {
    schema: String,
    /// The role that asked, and the database.
    pub(crate) role: String,
    pub(crate) database: String,
    has_schema: bool,
    may_use: bool,
    may_create_in: bool,
    may_create_schema: bool,
    tables: Vec<Table>,
}

struct Table {
    name: &'static str,
    is_there: bool,
    /// Whether the role may change how it is made.
    is_owned: bool,
    missing: Vec<&'static str>,
}

const OF_SCHEMA: &str = "SELECT current_user::text, current_database()::text, n.oid IS NOT NULL, \
     coalesce(has_schema_privilege(n.oid, 'USAGE'), false), coalesce(has_schema_privilege(n.oid, 'CREATE'), false), \
     has_database_privilege(current_database(), 'CREATE') \
   FROM (VALUES (1)) AS one LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = $1";

const OF_TABLES: &str = "SELECT c.oid IS NOT NULL, coalesce(pg_has_role(c.relowner, 'USAGE'), false), \
     coalesce(has_table_privilege(c.oid, w.privilege), false) \
   FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS w (name, privilege, place) \
   LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = $1 \
   LEFT JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind IN ('r', 'p') \
   ORDER BY w.place";

impl Rights {
    /// Looks at a schema, which needs no right to it.
    pub(crate) async fn look(pool: &Pool, schema: &str) -> Result<Self> {
        let row = pool.query_opt(OF_SCHEMA, &[(&schema, Type::TEXT)]).await?;
        let flag = |at| row.as_ref().is_some_and(|row| row.try_get(at).unwrap_or(false));
        let name = |at| row.as_ref().and_then(|row| row.try_get(at).ok()).unwrap_or_default();
        Ok(Self {
            schema: schema.to_owned(),
            role: name(0),
            database: name(1),
            has_schema: flag(2),
            may_use: flag(3),
            may_create_in: flag(4),
            may_create_schema: flag(5),
            tables: look_at_tables(pool, schema).await?,
        })
    }

    /// Whether any store has ever made its tables here.
    pub(crate) fn has_store(&self) -> bool {
        self.tables.iter().any(|table| table.name == "store" && table.is_there)
    }

    /// Whether it can be read what it is like.
    pub(crate) fn may_read_store(&self) -> bool {
        let reads = |table: &Table| table.name == "store" && table.missing.is_empty();
        self.may_use && self.tables.iter().any(reads)
    }

    /// Whether the role may bring the tables to another format.
    pub(crate) fn may_change(&self) -> bool {
        self.may_create_in && self.tables.iter().all(|table| table.is_owned || !table.is_there)
    }

    /// Whether the role may make the tables where there are none.
    pub(crate) fn may_make(&self) -> bool {
        match self.has_schema {
            true => self.may_use && self.may_create_in,
            false => self.may_create_schema,
        }
    }

    /// What is to be granted so that it may.
    pub(crate) fn grant_to_make(&self) -> String {
        let role = quoted(&self.role);
        match self.has_schema {
            true => format!("GRANT USAGE, CREATE ON SCHEMA {} TO {role}", quoted(&self.schema)),
            false => format!("GRANT CREATE ON DATABASE {} TO {role}", quoted(&self.database)),
        }
    }

    /// The tables that are not there.
    pub(crate) fn absent(&self) -> Vec<&'static str> {
        let absent = self.tables.iter().filter(|table| !table.is_there);
        absent.map(|table| table.name).collect()
    }

    /// What is to be granted so that the role can use the tables that are there, those of the quarantine apart.
    pub(crate) fn missing_grants(&self) -> Vec<String> {
        self.grants_on(|table| !ASIDE.contains(&table.name))
    }

    /// What is to be granted so that the role can put something into quarantine, whose tables are made when there are none.
    pub(crate) fn missing_grants_aside(&self) -> Vec<String> {
        let is_there = self.absent().iter().all(|name| !ASIDE.contains(name));
        match is_there {
            true => self.grants_on(|table| ASIDE.contains(&table.name)),
            false if self.may_make() => Vec::new(),
            false => vec![self.grant_to_make()],
        }
    }

    fn grants_on(&self, which: impl Fn(&Table) -> bool) -> Vec<String> {
        let (role, schema) = (quoted(&self.role), quoted(&self.schema));
        let mut grants = Vec::new();
        if !self.may_use {
            grants.push(format!("GRANT USAGE ON SCHEMA {schema} TO {role}"));
        }
        let lacking = self
            .tables
            .iter()
            .filter(|table| which(table) && table.is_there && !table.missing.is_empty());
        grants.extend(lacking.map(|table| {
            let privileges = table.missing.join(", ");
            format!("GRANT {privileges} ON {schema}.{} TO {role}", table.name)
        }));
        grants
    }
}

async fn look_at_tables(pool: &Pool, schema: &str) -> Result<Vec<Table>> {
    let wanted = NEEDED
        .iter()
        .flat_map(|(name, needed)| needed.iter().map(|privilege| (*name, *privilege)));
    let (names, privileges): (Vec<&str>, Vec<&str>) = wanted.unzip();
    let params: [(&(dyn ToSql + Sync), Type); 3] = [
        (&schema, Type::TEXT),
        (&names, Type::TEXT_ARRAY),
        (&privileges, Type::TEXT_ARRAY),
    ];
    let rows = pool.query(OF_TABLES, &params).await?;
    let mut rows = rows.iter();
    let flag = |row: Option<&Row>, at: usize| row.is_some_and(|row| row.try_get(at).unwrap_or(false));
    let tables = NEEDED.iter().map(|(name, needed)| {
        let mut table = Table {
            name,
            is_there: false,
            is_owned: false,
            missing: Vec::new(),
        };
        for privilege in *needed {
            let row = rows.next();
            (table.is_there, table.is_owned) = (flag(row, 0), flag(row, 1));
            if !flag(row, 2) {
                table.missing.push(privilege);
            }
        }
        table
    });
    Ok(tables.collect())
}
