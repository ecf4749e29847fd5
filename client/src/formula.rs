//! Policies as people write them: `prosumer and (solar or battery)`, `2 of (a, b, c)`.
//!
//! ```text
//! either    = both { "or" both }
//! both      = single { "and" single }
//! single    = "(" either ")" | K "of" "(" either { "," either } ")" | attribute
//! attribute = a name, a name in double quotes, or a number
//! ```
//!
//! `and`, `or` and `of` may be written in capitals; an attribute of such a name, or of one that is
//! not made of letters, digits, `-` and `_`, goes in quotes.

use qedex_math::policy::PolicyNode;
use std::{iter::Peekable, vec::IntoIter};

/// How deep parentheses may nest: far deeper than any chain permits.
const DEEPEST: usize = 64;

/// One word of a formula.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Comma,
    /// A name, a number or a keyword.
    Word(String),
    /// A name in quotes.
    Quoted(String),
}

impl Token {
    fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    fn text(&self) -> &str {
        match self {
            Self::Open => "(",
            Self::Close => ")",
            Self::Comma => ",",
            Self::Word(text) | Self::Quoted(text) => text,
        }
    }
}

/// Whether `c` may stand in a name without quotes.
fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || c == '-' || c == '_'
}

fn is_keyword(name: &str) -> bool {
    ["and", "or", "of"].iter().any(|keyword| name.eq_ignore_ascii_case(keyword))
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            c if c.is_whitespace() => {}
            '(' => tokens.push(Token::Open),
            ')' => tokens.push(Token::Close),
            ',' => tokens.push(Token::Comma),
            '"' => {
                let mut name = String::new();
                loop {
                    match rest.next() {
                        None => return Err("a name in quotes does not end".to_owned()),
                        Some('"') => break,
                        Some(c) => name.push(c),
                    }
                }
                tokens.push(Token::Quoted(name));
            }
            c if is_plain(c) => {
                let mut word = String::from(c);
                while let Some(c) = rest.next_if(|c| is_plain(*c)) {
                    word.push(c);
                }
                tokens.push(Token::Word(word));
            }
            c => return Err(format!("{c:?} has no place in a policy")),
        }
    }
    Ok(tokens)
}

struct Parser<'a> {
    tokens: Peekable<IntoIter<Token>>,
    /// The number of the attribute of this name, or why there is none.
    number: &'a dyn Fn(&str) -> Result<u32, String>,
    nodes: Vec<PolicyNode<u32>>,
    depth: usize,
}

/// Reads a policy into its nodes in postfix order. `number` knows attributes by name, and says what is
/// wrong with a name.
pub fn parse(
    text: &str,
    number: &dyn Fn(&str) -> Result<u32, String>,
) -> Result<Vec<PolicyNode<u32>>, String> {
    let mut parser = Parser {
        tokens: tokens(text)?.into_iter().peekable(),
        number,
        nodes: Vec::new(),
        depth: 0,
    };
    parser.either()?;
    match parser.tokens.next() {
        None => Ok(parser.nodes),
        Some(token) => Err(format!("{:?} is not expected there", token.text())),
    }
}

impl Parser<'_> {
    fn next_is(&mut self, wanted: impl FnOnce(&Token) -> bool) -> bool {
        self.tokens.next_if(|token| wanted(token)).is_some()
    }

    fn expect(&mut self, wanted: &Token) -> Result<(), String> {
        if self.next_is(|token| token == wanted) {
            return Ok(());
        }
        let found = self.tokens.peek();
        let found = found.map_or("the end".to_owned(), |token| format!("{:?}", token.text()));
        Err(format!("{:?} is expected before {found}", wanted.text()))
    }

    fn threshold(&mut self, k: usize, of: usize) -> Result<(), String> {
        let fits = |number| u8::try_from(number).map_err(|_| "more than 255 parts".to_owned());
        let (k, of) = (fits(k)?, fits(of)?);
        self.nodes.push(PolicyNode::AtLeast { k, of });
        Ok(())
    }

    fn either(&mut self) -> Result<(), String> {
        let mut parts = 1_usize;
        self.both()?;
        while self.next_is(|token| token.is("or")) {
            self.both()?;
            parts = parts.saturating_add(1);
        }
        if parts > 1 {
            self.threshold(1, parts)?;
        }
        Ok(())
    }

    fn both(&mut self) -> Result<(), String> {
        let mut parts = 1_usize;
        self.single()?;
        while self.next_is(|token| token.is("and")) {
            self.single()?;
            parts = parts.saturating_add(1);
        }
        if parts > 1 {
            self.threshold(parts, parts)?;
        }
        Ok(())
    }

    fn single(&mut self) -> Result<(), String> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > DEEPEST {
            return Err(format!("nested more than {DEEPEST} deep"));
        }
        match self.tokens.next() {
            None => return Err("an attribute is expected at the end".to_owned()),
            Some(Token::Open) => {
                self.either()?;
                self.expect(&Token::Close)?;
            }
            Some(Token::Word(k)) if self.next_is(|token| token.is("of")) => self.some_of(&k)?,
            Some(Token::Quoted(name)) => self.attribute(&name)?,
            Some(Token::Word(name)) if !is_keyword(&name) => match name.parse() {
                Ok(number) => self.nodes.push(PolicyNode::Attribute(number)),
                Err(_) => self.attribute(&name)?,
            },
            Some(token) => {
                return Err(format!("an attribute is expected in place of {:?}", token.text()));
            }
        }
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }

    fn attribute(&mut self, name: &str) -> Result<(), String> {
        let number = (self.number)(name)?;
        self.nodes.push(PolicyNode::Attribute(number));
        Ok(())
    }

    /// What follows after `K of`.
    fn some_of(&mut self, k: &str) -> Result<(), String> {
        let wanted: usize = k.parse().map_err(|_| format!("{k:?} is no number"))?;
        self.expect(&Token::Open)?;
        let mut parts = 1_usize;
        self.either()?;
        while self.next_is(|token| *token == Token::Comma) {
            self.either()?;
            parts = parts.saturating_add(1);
        }
        self.expect(&Token::Close)?;
        if !(1..=parts).contains(&wanted) {
            return Err(format!("{wanted} of {parts} cannot be asked for"));
        }
        self.threshold(wanted, parts)
    }
}

/// How tightly what was written holds together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Bond {
    Or,
    And,
    Tight,
}

/// Writes a policy as it is read. `name` knows attributes by number; one without a name shows its
/// number. What is not a formula shows its nodes.
pub fn print(nodes: &[PolicyNode<u32>], name: &dyn Fn(u32) -> Option<String>) -> String {
    let mut written: Vec<(String, Bond)> = Vec::new();
    for node in nodes {
        let next = match *node {
            PolicyNode::Attribute(number) => (self::name(number, name), Bond::Tight),
            PolicyNode::AtLeast { k, of } => {
                let Some(first) = written.len().checked_sub(of.into()) else {
                    return format!("{nodes:?}");
                };
                join(k, written.split_off(first))
            }
        };
        written.push(next);
    }
    match written.as_slice() {
        [(text, _)] => text.clone(),
        _ => format!("{nodes:?}"),
    }
}

fn join(k: u8, parts: Vec<(String, Bond)>) -> (String, Bond) {
    let of = parts.len();
    let k = usize::from(k);
    let within = |bond: Bond| {
        let text = |(text, own): &(String, Bond)| match own > &bond {
            true => text.clone(),
            false => format!("({text})"),
        };
        parts.iter().map(text).collect::<Vec<_>>()
    };
    match k {
        1 if of > 1 => (within(Bond::Or).join(" or "), Bond::Or),
        _ if k == of && of > 1 => (within(Bond::And).join(" and "), Bond::And),
        _ => {
            let texts: Vec<_> = parts.iter().map(|(text, _)| text.as_str()).collect();
            (format!("{k} of ({})", texts.join(", ")), Bond::Tight)
        }
    }
}

fn name(number: u32, name: &dyn Fn(u32) -> Option<String>) -> String {
    match name(number).filter(|name| !name.is_empty() && !name.contains('"')) {
        None => number.to_string(),
        Some(name) => {
            let plain = name.chars().all(is_plain)
                && !is_keyword(&name)
                && !name.starts_with(|c: char| c.is_numeric());
            if plain { name } else { format!("{name:?}") }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PolicyNode::{AtLeast, Attribute};

    const NAMES: [&str; 6] = ["prosumer", "solar", "battery", "meter-installer", "a b", "or"];

    fn number(name: &str) -> Result<u32, String> {
        let at = NAMES.iter().position(|known| *known == name);
        at.map(|at| at as u32).ok_or_else(|| format!("no attribute {name:?}"))
    }

    fn name_of(number: u32) -> Option<String> {
        NAMES.get(number as usize).map(|name| (*name).to_owned())
    }

    fn read(text: &str) -> Vec<PolicyNode<u32>> {
        parse(text, &number).unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    fn at_least(k: u8, of: u8) -> PolicyNode<u32> {
        AtLeast { k, of }
    }

    #[test]
    fn formulas_are_read_as_people_write_them() {
        assert_eq!(read("solar"), [Attribute(1)]);
        assert_eq!(read(" 7 "), [Attribute(7)]);
        assert_eq!(
            read("prosumer and (solar or battery)"),
            [Attribute(0), Attribute(1), Attribute(2), at_least(1, 2), at_least(2, 2)]
        );
        assert_eq!(
            read("2 of (prosumer, solar, 9)"),
            [Attribute(0), Attribute(1), Attribute(9), at_least(2, 3)]
        );
        assert_eq!(
            read("1 OF (\"a b\" And \"or\")"),
            [Attribute(4), Attribute(5), at_least(2, 2), at_least(1, 1)]
        );
    }

    #[test]
    fn and_binds_more_tightly_than_or() {
        assert_eq!(
            read("solar or battery and 3 or 4"),
            [
                Attribute(1),
                Attribute(2),
                Attribute(3),
                at_least(2, 2),
                Attribute(4),
                at_least(1, 3)
            ]
        );
        assert_eq!(read("((solar))"), read("solar"));
    }

    #[test]
    fn what_is_no_formula_is_refused_by_its_fault() {
        for (text, fault) in [
            ("", "expected at the end"),
            ("solar and", "expected at the end"),
            ("wind", "no attribute \"wind\""),
            ("solar battery", "\"battery\" is not expected"),
            ("(solar", "\")\" is expected before the end"),
            ("solar)", "\")\" is not expected"),
            ("and", "in place of \"and\""),
            ("0 of (solar)", "0 of 1"),
            ("3 of (solar, battery)", "3 of 2"),
            ("two of (solar)", "\"two\" is no number"),
            ("2 of solar", "\"(\" is expected"),
            ("solar & battery", "'&' has no place"),
            ("\"solar", "does not end"),
            ("\"\"", "no attribute \"\""),
            ("-1", "no attribute"),
            ("99999999999", "no attribute"),
        ] {
            let error = parse(text, &number).unwrap_err();
            assert!(error.contains(fault), "{text}: {error}");
        }
        let deep = format!("{}solar{}", "(".repeat(10_000), ")".repeat(10_000));
        assert!(parse(&deep, &number).unwrap_err().contains("deep"));
        let wide = ["solar"; 256].join(" or ");
        assert!(parse(&wide, &number).unwrap_err().contains("255"));
    }

    #[test]
    fn a_formula_is_written_with_the_parentheses_that_it_needs() {
        for text in [
            "solar",
            "prosumer and (solar or battery)",
            "prosumer and solar or battery",
            "2 of (prosumer, solar or battery, 9 and meter-installer)",
            "1 of (\"a b\")",
            "\"or\" or solar",
            "(prosumer and solar) and battery",
            "(prosumer or solar) or battery",
            "2 of (1 of (solar), 3 of (7, 8, 9, 10), battery)",
        ] {
            assert_eq!(print(&read(text), &name_of), text);
        }
        let nodes = [Attribute(0), Attribute(1)];
        assert!(print(&nodes, &name_of).contains("Attribute(1)"));
        assert!(print(&[at_least(1, 2)], &name_of).contains("AtLeast"));
    }

    #[test]
    fn what_is_written_is_read_as_it_was() {
        // Every formula of up to five nodes over two attributes, one of them without a name.
        let mut by_size = vec![vec![], vec![vec![Attribute(1)], vec![Attribute(40)]]];
        for size in 2..=5_usize {
            let mut all = vec![];
            for of in 1..size {
                for nodes in sequences(of, size - 1, &by_size) {
                    for k in 1..=of {
                        let threshold = at_least(k as u8, of as u8);
                        all.push([&nodes[..], &[threshold]].concat());
                    }
                }
            }
            by_size.push(all);
        }
        for nodes in by_size.iter().flatten() {
            let text = print(nodes, &name_of);
            assert_eq!(read(&text), *nodes, "{text}");
        }
        assert!(by_size.iter().flatten().count() > 300);
    }

    type Nodes = Vec<PolicyNode<u32>>;

    fn sequences(count: usize, size: usize, smaller: &[Vec<Nodes>]) -> Vec<Nodes> {
        if count == 0 {
            return Vec::from_iter((size == 0).then(Vec::new));
        }
        let mut all = vec![];
        for last in 1..=size {
            for before in sequences(count - 1, size - last, smaller) {
                for nodes in &smaller[last] {
                    all.push([&before[..], nodes].concat());
                }
            }
        }
        all
    }
}
