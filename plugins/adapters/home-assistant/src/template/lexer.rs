//! The words and signs of a template.

use hushgate_sdk::decimal::Decimal;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(Decimal),
    Text(String),
    Name(String),
    Sign(&'static str),
}

/// Longer ones first.
const SIGNS: [&str; 19] = [
    "==", "!=", "<=", ">=", "<", ">", "|", "(", ")", "[", "]", ".", "+", "-", "*", "/", ",", "{",
    "}",
];

/// All tokens, or `None` if something else is in it.
pub(super) fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '\'' | '"' => {
                let (inner, after) = rest.get(1..)?.split_once(first)?;
                // An escape would end elsewhere.
                if inner.contains('\\') {
                    return None;
                }
                (Token::Text(inner.to_owned()), after)
            }
            '0'..='9' => {
                let end = rest.find(|it: char| !it.is_ascii_digit() && it != '.');
                let (digits, after) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
                (Token::Number(Decimal::parse_scientific(digits)?), after)
            }
            'a'..='z' | 'A'..='Z' | '_' => {
                let end = rest.find(|it: char| !it.is_ascii_alphanumeric() && it != '_');
                let (name, after) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
                (Token::Name(name.to_owned()), after)
            }
            _ => {
                let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign))?;
                (Token::Sign(sign), rest.strip_prefix(sign)?)
            }
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    Some(tokens)
}
