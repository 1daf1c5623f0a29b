//! Cases of the functions of `evergrant::messages`.

use serde_json::Value;

use crate::file::Case;
use crate::matching;

pub fn run(function: &str, case: &Case) -> Result<(), String> {
    let input = case.value["given"].to_string();
    let expect = &case.value["expect"];
    match (
        evergrant::messages::call(function, &input),
        expect.get("ok"),
        expect.get("error"),
    ) {
        (Ok(output), Some(expected), None) => {
            let output: Value = serde_json::from_str(&output).map_err(|error| error.to_string())?;
            matching::equal(expected, &output)?;
            // What is data and may be logged must be free of secrets too.
            let shown = ["error", "evidence"].map(|name| output[name].to_string());
            matching::no_secret(&shown, &case.secrets())
        }
        (Err(error), None, Some(expected)) => matching::error(expected, &error, &case.secrets()),
        (Ok(output), _, _) => Err(format!("expected an error, got {output}")),
        (Err(error), _, _) => Err(format!("expected an answer, got {error:?}")),
    }
}
