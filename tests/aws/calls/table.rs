//! The committed table of what each of them answers to each step, and its comparison with what they answer now.

use std::{fs, path::Path};

const FILE: &str = "aws/known_differences.tsv";
const HEADER: &str = "step\tfake\tmoto\tministack\twhy";
/// In an emulator's cell: it answers as the fake does.
const SAME: &str = "=";
/// In a line to paste: to be filled in.
const UNKNOWN: &str = "?";

/// Whose answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    Fake,
    Moto,
    MiniStack,
}

const COLUMNS: [Column; 3] = [Column::Fake, Column::Moto, Column::MiniStack];

/// The table, its lines in the order of the steps.
pub struct Table(Vec<Row>);

#[derive(Clone)]
struct Row {
    step: String,
    /// What each of the columns answers.
    answers: [String; 3],
    /// Why they differ; empty where they don't.
    why: String,
}

impl Table {
    /// The committed one.
    ///
    /// # Panics
    /// If it can't be read.
    pub fn read() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
        let text = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        Self::parse(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines();
        if lines.next() != Some(HEADER) {
            return Err(format!("the first line isn't `{HEADER}`"));
        }
        lines.map(Row::parse).collect::<Result<_, _>>().map(Self)
    }

    /// Asserts that these are the steps, and that this column answers to them as the table says.
    ///
    /// # Panics
    /// If not, with the lines to paste.
    #[track_caller]
    pub fn assert(&self, column: Column, outcomes: &[(String, String)]) {
        let complaints = self.complaints(column, outcomes);
        assert!(complaints.is_empty(), "tests/{FILE} isn't what {column:?} answers:\n{}", complaints.join("\n"));
    }

    fn complaints(&self, column: Column, outcomes: &[(String, String)]) -> Vec<String> {
        let mut complaints = Vec::new();
        for (index, (step, outcome)) in outcomes.iter().enumerate() {
            if outcomes[..index].iter().any(|(earlier, _)| earlier == step) {
                complaints.push(format!("two steps are called `{step}`"));
            }
            match self.0.iter().find(|row| row.step == *step) {
                None => complaints.push(format!("add:\n{}", Row::new(step).with(column, outcome).line())),
                Some(row) if row.answers[column as usize] != *outcome => {
                    complaints.push(format!("replace:\n{}\nby:\n{}", row.line(), row.with(column, outcome).line()));
                }
                Some(_) => {}
            }
        }
        for row in &self.0 {
            if !outcomes.iter().any(|(step, _)| *step == row.step) {
                complaints.push(format!("remove, there is no such step:\n{}", row.line()));
            }
            if self.0.iter().filter(|other| other.step == row.step).count() > 1 {
                complaints.push(format!("remove, the step has another line:\n{}", row.line()));
            }
            if row.differs() && row.why.is_empty() {
                complaints.push(format!("say why in the last column:\n{}", row.line()));
            }
            if !row.differs() && !row.why.is_empty() {
                complaints.push(format!("all three agree, so there is no reason to give:\n{}", row.line()));
            }
        }
        complaints
    }
}

impl Row {
    fn new(step: &str) -> Self {
        Self { step: step.to_owned(), answers: COLUMNS.map(|_| UNKNOWN.to_owned()), why: String::new() }
    }

    fn parse(line: &str) -> Result<Self, String> {
        let cells: Vec<&str> = line.split('\t').collect();
        let (step, fake, others, why) = match cells.as_slice() {
            [step, fake, moto, ministack] => (step, fake, [moto, ministack], &""),
            [step, fake, moto, ministack, why] => (step, fake, [moto, ministack], why),
            _ => return Err(format!("not four or five columns: {line}")),
        };
        let [moto, ministack] = others.map(|cell| if *cell == SAME { fake } else { cell });
        let answers = [fake, moto, ministack].map(|&cell| cell.to_owned());
        Ok(Self { step: (*step).to_owned(), answers, why: (*why).to_owned() })
    }

    fn differs(&self) -> bool {
        self.answers.iter().any(|answer| *answer != self.answers[0])
    }

    fn with(&self, column: Column, outcome: &str) -> Self {
        let mut changed = self.clone();
        outcome.clone_into(&mut changed.answers[column as usize]);
        if !changed.differs() {
            changed.why.clear();
        } else if changed.why.is_empty() {
            UNKNOWN.clone_into(&mut changed.why);
        }
        changed
    }

    fn line(&self) -> String {
        let [fake, others @ ..] = &self.answers;
        let mut cells = vec![self.step.as_str(), fake];
        let is_same = |answer: &str| answer == fake && answer != UNKNOWN;
        cells.extend(others.iter().map(|answer| if is_same(answer) { SAME } else { answer.as_str() }));
        if !self.why.is_empty() {
            cells.push(&self.why);
        }
        cells.join("\t")
    }
}

const TABLE: &str = "step\tfake\tmoto\tministack\twhy
make\t201\t=\t200\tit has no 201
read\t200\t=\t=";

#[track_caller]
fn finds(text: &str, column: Column, outcomes: &[(&str, &str)]) -> String {
    let outcomes: Vec<_> = outcomes.iter().map(|(step, outcome)| ((*step).to_owned(), (*outcome).to_owned())).collect();
    Table::parse(text).unwrap().complaints(column, &outcomes).join("\n")
}

#[test]
fn what_the_table_says_passes() {
    for (column, made) in COLUMNS.into_iter().zip(["201", "201", "200"]) {
        assert_eq!(finds(TABLE, column, &[("make", made), ("read", "200")]), "");
    }
}

#[test]
fn a_difference_that_is_not_in_the_table_is_told_with_the_line_to_paste() {
    let found = finds(TABLE, Column::Moto, &[("make", "201"), ("read", "404")]);
    assert_eq!(found, "replace:\nread\t200\t=\t=\nby:\nread\t200\t404\t=\t?");
    let found = finds(TABLE, Column::Fake, &[("make", "201"), ("read", "404"), ("new", "204")]);
    assert!(found.contains("\nread\t404\t200\t200\t?") && found.contains("add:\nnew\t204\t?\t?\t?"), "{found}");
    let found = finds(TABLE, Column::Moto, &[("make", "201"), ("read", "200"), ("new", "204")]);
    assert_eq!(found, "add:\nnew\t?\t204\t?\t?");
}

#[test]
fn a_line_that_is_no_longer_true_is_told_with_the_line_to_paste() {
    let found = finds(TABLE, Column::MiniStack, &[("make", "201")]);
    assert!(found.contains("by:\nmake\t201\t=\t=\n"), "{found}");
    assert!(found.contains("remove, there is no such step:\nread\t200\t=\t="), "{found}");
}

#[test]
fn every_difference_has_its_reason() {
    let without = TABLE.replace("\tit has no 201", "");
    let found = finds(&without, Column::Fake, &[("make", "201"), ("read", "200")]);
    assert_eq!(found, "say why in the last column:\nmake\t201\t=\t200");
}
