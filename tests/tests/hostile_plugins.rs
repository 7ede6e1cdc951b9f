//! x
use hushgate_tests::guest::*;
#[test] fn t(){ for k in [Kind::Adapter,Kind::Minimizer,Kind::Policy]{ assert!(Guest::idle(k).build().len()>100);} }
