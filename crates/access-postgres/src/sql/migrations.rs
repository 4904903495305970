//! The schema's versions: brought up to date by a command of its own, and looked at by each start.

use tokio_postgres::{Client, GenericClient};

use crate::{ConnectError, Options, connect::Target, error::Failure};

/// Every version's statements, oldest first; the version is the place in the list.
const VERSIONS: &[&str] = &[
    include_str!("schema/0001.sql"),
    include_str!("schema/0002.sql"),
    include_str!("schema/0003.sql"),
    include_str!("schema/0004.sql"),
    include_str!("schema/0005.sql"),
];

/// Two migrations at once take turns by this lock of Postgres's; the number is the letters of "tollgate".
const TURN: i64 = 0x746f_6c6c_6761_7465;

/// The tables aren't as this version of the program needs them, or can't be reached.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// Postgres can't be reached as it is configured.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// There are none.
    #[error("the database has no tables of Tollgate's in the schema {0} yet; run `tollgate migrate`, then start again")]
    Missing(String),
    /// They are of an older version.
    #[error(
        "the database's tables are of version {found}, this tollgate needs {needed}; run `tollgate migrate`, then start again"
    )]
    Older {
        /// What is there.
        found: i64,
        /// What this program works with.
        needed: i64,
    },
    /// They are of a newer version.
    #[error(
        "the database's tables are of version {found}, which is newer than this tollgate's {needed}; run the newer tollgate"
    )]
    Newer {
        /// What is there.
        found: i64,
        /// What this program works with.
        needed: i64,
    },
    /// Postgres can't be asked.
    #[error("Postgres: {0}")]
    Failed(String),
}

impl From<Failure> for SchemaError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure.to_string())
    }
}

impl From<tokio_postgres::Error> for SchemaError {
    fn from(error: tokio_postgres::Error) -> Self {
        Failure::from(error).into()
    }
}

/// The version that this program works with.
fn needed() -> i64 {
    VERSIONS.len() as i64
}

/// Brings the tables up to date, and makes them where there are none; tells the version that was there and the one that
/// is. All or nothing, and done twice it changes nothing; two at once take turns.
///
/// # Errors
/// When Postgres can't be reached or refuses, or its tables are newer than this program.
pub async fn migrate(options: &Options) -> Result<(i64, i64), SchemaError> {
    let target = Target::of(options)?;
    let mut client = target.pool(1).get().await.map_err(Failure::from)?;
    let (client, schema): (&mut Client, _) = (&mut client, target.schema());
    let step = client.transaction().await?;
    step.batch_execute("SET LOCAL statement_timeout TO 0; SET LOCAL client_min_messages TO warning").await?;
    step.execute("SELECT pg_advisory_xact_lock($1)", &[&TURN]).await?;
    // The name was checked to need no quotes. Who may use a schema need not be allowed to make one.
    let is_there = "SELECT to_regnamespace($1::text) IS NOT NULL";
    if !step.query_one(is_there, &[&schema]).await?.try_get::<_, bool>(0)? {
        step.batch_execute(&format!("CREATE SCHEMA {schema}")).await?;
    }
    step.batch_execute(&format!(
        "SET LOCAL search_path TO {schema};
         CREATE TABLE IF NOT EXISTS schema_version (one boolean PRIMARY KEY DEFAULT true CHECK (one), version bigint NOT NULL);
         INSERT INTO schema_version (version) VALUES (0) ON CONFLICT DO NOTHING"
    ))
    .await?;
    let found: i64 = step.query_one("SELECT version FROM schema_version", &[]).await?.try_get(0)?;
    if found > needed() {
        return Err(SchemaError::Newer { found, needed: needed() });
    }
    for statements in VERSIONS.iter().skip(usize::try_from(found).unwrap_or_default()) {
        step.batch_execute(statements).await?;
    }
    step.execute("UPDATE schema_version SET version = $1", &[&needed()]).await?;
    step.commit().await?;
    Ok((found, needed()))
}

/// Looks whether the tables are as this program needs them.
pub(crate) async fn check(client: &impl GenericClient, schema: &str) -> Result<(), SchemaError> {
    let there = "SELECT to_regclass($1::text) IS NOT NULL";
    let there: bool = client.query_one(there, &[&format!("{schema}.schema_version")]).await?.try_get(0)?;
    if !there {
        return Err(SchemaError::Missing(schema.to_owned()));
    }
    let found: i64 = client.query_one("SELECT version FROM schema_version", &[]).await?.try_get(0)?;
    let needed = needed();
    match found.cmp(&needed) {
        std::cmp::Ordering::Less => Err(SchemaError::Older { found, needed }),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(SchemaError::Newer { found, needed }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a statement does, in one line of upper case without its comments and texts.
    fn statements(file: &str) -> Vec<String> {
        let code: Vec<&str> = file.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
        // Every other part is the inside of a text.
        let code: Vec<String> = code.join("\n").split('\'').step_by(2).map(str::to_uppercase).collect();
        let words = |statement: &str| statement.split_whitespace().collect::<Vec<_>>().join(" ");
        code.join("''").split(';').map(words).filter(|statement| !statement.is_empty()).collect()
    }

    /// Why a replica of the version before, which runs meanwhile, might not go on after this statement.
    fn takes_away(statement: &str) -> Option<String> {
        if ["CREATE TABLE ", "CREATE INDEX ", "UPDATE ", "INSERT INTO "].iter().any(|adds| statement.starts_with(adds))
        {
            return None;
        }
        let Some(altered) = statement.strip_prefix("ALTER TABLE ") else {
            return Some(format!("neither adds nor fills in: {statement}"));
        };
        let has = |word: &str| altered.split(|c: char| !c.is_alphanumeric() && c != '_').any(|found| found == word);
        if ["DROP", "RENAME", "ALTER", "TYPE", "CONSTRAINT", "CHECK", "UNIQUE"].iter().any(|word| has(word)) {
            return Some(format!("changes what is there: {statement}"));
        }
        let mut columns = altered.split("ADD COLUMN ").skip(1);
        let is_refused = |column: &str| column.contains("NOT NULL") && !column.contains("DEFAULT");
        columns.find(|column| is_refused(column)).map(|column| format!("an older replica can't write it: {column}"))
    }

    #[test]
    fn replicas_of_the_version_before_can_go_on_after_every_change() {
        for (file, number) in VERSIONS.iter().zip(1..).skip(1) {
            for statement in statements(file) {
                assert_eq!(takes_away(&statement), None, "schema/{number:04}.sql");
            }
        }
    }

    #[test]
    fn what_an_older_replica_cannot_go_on_with_is_noticed() {
        for taking in [
            "ALTER TABLE keys DROP COLUMN label",
            "ALTER TABLE keys\n    ADD COLUMN a text,\n    RENAME COLUMN label TO name",
            "-- Renamed.\nalter table keys rename to tokens",
            "ALTER TABLE keys ADD COLUMN a text, ADD COLUMN b text NOT NULL, ADD COLUMN c text NOT NULL DEFAULT ''",
            "ALTER TABLE keys ALTER COLUMN label TYPE bytea",
            "ALTER TABLE keys ADD CONSTRAINT short CHECK (length(label) < 9)",
            "CREATE TABLE a (b text); DROP TABLE keys",
            "CREATE UNIQUE INDEX labels ON keys (label)",
            "DELETE FROM keys",
        ] {
            assert!(statements(taking).iter().any(|statement| takes_away(statement).is_some()), "{taking}");
        }
        for adding in [
            "ALTER TABLE keys ADD COLUMN a text; CREATE INDEX a ON keys (a) -- DROP",
            "ALTER TABLE keys ADD COLUMN a text NOT NULL DEFAULT 'DROP; --'",
            "UPDATE keys SET a = 'x'",
        ] {
            assert!(statements(adding).iter().all(|statement| takes_away(statement).is_none()), "{adding}");
        }
    }
}
