//! The command line of the benches.

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Only subjects whose title contains this.
    pub subject: Option<String>,
    /// Only these cases, by their whole names; all where there is none.
    pub cases: Vec<String>,
    /// Rounds of every subject.
    pub rounds: usize,
    /// One JSON object in place of the tables.
    pub json: bool,
    /// Instructions of each case (callgrind) in place of times.
    pub instructions: bool,
}

impl Options {
    /// Reads the arguments of the process; the error says what is understood.
    ///
    /// # Errors
    ///
    /// At an argument that is not known.
    pub fn read(default_rounds: usize) -> Result<Self, String> {
        Self::parse(std::env::args().skip(1), default_rounds)
    }

    fn parse(
        arguments: impl Iterator<Item = String>,
        default_rounds: usize,
    ) -> Result<Self, String> {
        let mut options = Self {
            subject: None,
            cases: Vec::new(),
            rounds: default_rounds,
            json: false,
            instructions: false,
        };
        let mut arguments = arguments.peekable();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                // Cargo says so to every bench.
                "--bench" => {}
                "--json" => options.json = true,
                "--instructions" => options.instructions = true,
                "--case" => {
                    let case = arguments.next().ok_or("--case takes the name of a case")?;
                    options.cases.push(case);
                }
                "--rounds" => {
                    let rounds = arguments.next().and_then(|text| text.parse().ok());
                    options.rounds = rounds
                        .filter(|rounds| *rounds > 0)
                        .ok_or("--rounds takes a number from 1")?;
                }
                word if !word.starts_with('-') => options.subject = Some(argument),
                other => {
                    return Err(format!(
                        "`{other}` is not known; write [PART OF A TITLE] [--rounds N] [--json] [--instructions] [--case NAME]…"
                    ));
                }
            }
        }
        Ok(options)
    }

    /// Whether single cases are wanted, and so nothing that is measured as a whole.
    pub fn only_cases(&self) -> bool {
        !self.cases.is_empty()
    }

    /// Whether the case of this name is wanted.
    pub fn wants_case(&self, name: &str) -> bool {
        self.cases.is_empty() || self.cases.iter().any(|case| case == name)
    }

    /// Whether the subject of this title is wanted.
    pub fn wants(&self, title: &str) -> bool {
        self.subject
            .as_ref()
            .is_none_or(|part| title.contains(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(str::to_owned), 7)
    }

    #[test]
    fn arguments_are_read_and_a_wrong_one_is_named() {
        let options = parse("--bench JSON --rounds 3 --json").expect("all known");
        assert!(options.json && options.wants("JSON call") && !options.wants("typed"));
        assert_eq!(options.rounds, 3);
        assert_eq!(parse("").expect("nothing is fine").rounds, 7);
        assert!(parse("--round 3").unwrap_err().contains("`--round`"));
        assert!(parse("--rounds 0").is_err());
        assert_eq!(parse("--case a --case b").expect("two").cases, ["a", "b"]);
        assert!(parse("--case").is_err());
    }
}
