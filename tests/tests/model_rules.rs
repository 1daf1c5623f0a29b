//! Every rule of the protocol earns its place: switched off alone, it makes the model checker find something.

use evergrant_tests::model::switched;

#[test]
fn every_rule_has_an_effect() {
    let show = std::env::var("SHOW").is_ok();
    let mut without_effect = Vec::new();
    for case in switched::cases() {
        let effect = case.effect();
        println!(
            "report: {:?} off, {}: {:?}",
            effect.rule, case.scenario.name, effect.wrong
        );
        if show {
            println!("{}", effect.schedule);
        }
        if effect.wrong.is_none() {
            without_effect.push(effect.rule);
        }
    }
    assert!(without_effect.is_empty(), "no effect: {without_effect:?}");
}
