//! Tokens in the order that Jinja gives them: filters bind tightest, conditions loosest.

use super::{Comparison, Expr, Filter, Math, Term, lexer::Token};

/// How deep expressions may be nested.
const DEPTH_MAX: usize = 16;

/// The expression, if the tokens are exactly one.
pub(super) fn parse(tokens: &[Token]) -> Option<Expr> {
    let mut parser = Parser { rest: tokens, depth: 0 };
    let expr = parser.condition()?;
    parser.rest.is_empty().then_some(expr)
}

struct Parser<'a> {
    rest: &'a [Token],
    depth: usize,
}

impl Parser<'_> {
    fn next(&mut self) -> Option<Token> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first.clone())
    }

    /// Takes a sign or word, if it comes next.
    fn take(&mut self, word: &str) -> bool {
        let found = match self.rest.first() {
            Some(Token::Sign(sign)) => *sign == word,
            Some(Token::Name(name)) => name == word,
            _ => false,
        };
        if found {
            self.next();
        }
        found
    }

    fn expect(&mut self, word: &str) -> Option<()> {
        self.take(word).then_some(())
    }

    fn condition(&mut self) -> Option<Expr> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let yes = self.or()?;
        let expr = if self.take("if") {
            let condition = self.or()?;
            self.expect("else")?;
            Expr::If(Box::new(yes), Box::new(condition), Box::new(self.condition()?))
        } else {
            yes
        };
        self.depth -= 1;
        Some(expr)
    }

    fn or(&mut self) -> Option<Expr> {
        let mut left = self.and()?;
        while self.take("or") {
            left = Expr::Or(Box::new(left), Box::new(self.and()?));
        }
        Some(left)
    }

    fn and(&mut self) -> Option<Expr> {
        let mut left = self.not()?;
        while self.take("and") {
            left = Expr::And(Box::new(left), Box::new(self.not()?));
        }
        Some(left)
    }

    fn not(&mut self) -> Option<Expr> {
        if self.take("not") {
            return Some(Expr::Not(Box::new(self.comparison()?)));
        }
        self.comparison()
    }

    /// At most one: `1 < a < 3` is not understood.
    fn comparison(&mut self) -> Option<Expr> {
        let left = self.sum()?;
        let how = [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        match how.into_iter().find(|(sign, _)| self.take(sign)) {
            Some((_, how)) => Some(Expr::Compare(how, Box::new(left), Box::new(self.sum()?))),
            None => Some(left),
        }
    }

    fn sum(&mut self) -> Option<Expr> {
        let mut left = self.product()?;
        loop {
            let math = match () {
                () if self.take("+") => Math::Add,
                () if self.take("-") => Math::Subtract,
                () => return Some(left),
            };
            left = Expr::Math(math, Box::new(left), Box::new(self.product()?));
        }
    }

    fn product(&mut self) -> Option<Expr> {
        let mut left = self.signed()?;
        loop {
            let math = match () {
                () if self.take("*") => Math::Multiply,
                () if self.take("/") => Math::Divide,
                () => return Some(left),
            };
            left = Expr::Math(math, Box::new(left), Box::new(self.signed()?));
        }
    }

    fn signed(&mut self) -> Option<Expr> {
        if self.take("-") {
            let zero = Box::new(Expr::Constant(Term::whole(0)));
            let inner = self.postfix()?;
            let negative = Expr::Math(Math::Subtract, zero, Box::new(inner));
            return self.filters(negative);
        }
        let inner = self.postfix()?;
        self.filters(inner)
    }

    fn postfix(&mut self) -> Option<Expr> {
        let mut expr = self.primary()?;
        loop {
            expr = match () {
                () if self.take(".") => self.attribute(expr)?,
                () if self.take("[") => self.subscript(expr)?,
                () => return Some(expr),
            };
        }
    }

    fn attribute(&mut self, of: Expr) -> Option<Expr> {
        match self.next()? {
            Token::Name(key) => Some(Expr::Key(Box::new(of), key)),
            _ => None,
        }
    }

    fn subscript(&mut self, of: Expr) -> Option<Expr> {
        let expr = match self.next()? {
            Token::Text(key) => Expr::Key(Box::new(of), key),
            Token::Number(at) if at.exponent == 0 => {
                Expr::Index(Box::new(of), usize::try_from(at.digits).ok()?)
            }
            _ => return None,
        };
        self.expect("]")?;
        Some(expr)
    }

    fn primary(&mut self) -> Option<Expr> {
        match self.next()? {
            Token::Number(number) => Some(Expr::Constant(Term::Number(number))),
            Token::Text(text) => Some(Expr::Constant(Term::Text(text.into()))),
            Token::Name(name) => match name.as_str() {
                "value" => Some(Expr::Payload),
                "value_json" => Some(Expr::Json),
                "true" | "True" => Some(Expr::Constant(Term::Flag(true))),
                "false" | "False" => Some(Expr::Constant(Term::Flag(false))),
                "none" | "None" => Some(Expr::Constant(Term::None)),
                _ => None,
            },
            Token::Sign("(") => {
                let inner = self.condition()?;
                self.expect(")")?;
                Some(inner)
            }
            Token::Sign(_) => None,
        }
    }

    fn filters(&mut self, mut expr: Expr) -> Option<Expr> {
        loop {
            expr = match () {
                () if self.take("|") => Expr::Filter(Box::new(expr), self.filter()?),
                () if self.take("is") => self.test(expr)?,
                () => return Some(expr),
            };
        }
    }

    /// `is defined`, the only one there is.
    fn test(&mut self, expr: Expr) -> Option<Expr> {
        let not = self.take("not");
        self.expect("defined")?;
        let defined = Expr::Defined(Box::new(expr));
        Some(if not { Expr::Not(Box::new(defined)) } else { defined })
    }

    fn filter(&mut self) -> Option<Filter> {
        let Token::Name(name) = self.next()? else { return None };
        let argument = self.argument()?.map(Box::new);
        match (name.as_str(), argument) {
            ("float", argument) => Some(Filter::Float(argument)),
            ("int", argument) => Some(Filter::Int(argument)),
            ("round", None) => Some(Filter::Round(0)),
            ("round", Some(places)) => match *places {
                Expr::Constant(Term::Number(places)) if places.exponent == 0 => {
                    let places = usize::try_from(places.digits).ok()?;
                    (places <= 12).then_some(Filter::Round(places))
                }
                _ => None,
            },
            ("default" | "d", Some(default)) => Some(Filter::Default(default)),
            ("is_defined", None) => Some(Filter::IsDefined),
            ("lower", None) => Some(Filter::Lower),
            ("upper", None) => Some(Filter::Upper),
            ("trim", None) => Some(Filter::Trim),
            ("abs", None) => Some(Filter::Abs),
            _ => None,
        }
    }

    /// What stands in parentheses behind a filter: nothing, or one expression.
    #[expect(clippy::option_option, reason = "refused, none, or one")]
    fn argument(&mut self) -> Option<Option<Expr>> {
        if !self.take("(") || self.take(")") {
            return Some(None);
        }
        let argument = self.condition()?;
        self.expect(")")?;
        Some(Some(argument))
    }
}
