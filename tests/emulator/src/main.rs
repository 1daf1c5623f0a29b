//! The emulated providers as a program: prints one line of JSON with all URLs, and serves until its input ends.

#![forbid(unsafe_code)]

use std::io::{self, Read, Write};
use std::process::ExitCode;

use evergrant_emulator::{Emulator, Options, Ports};

const HELP: &str = "\
Emulated Airwallex, OFX, Wise and a generic OAuth provider on 127.0.0.1.
Prints one line of JSON (control URL, URLs and credentials of the providers), then serves until its standard input
ends or it is told to stop by a signal.

  --control-port N        --airwallex-web-port N  --airwallex-api-port N  --ofx-port N
  --wise-web-port N       --wise-api-port N       --wise-mtls-port N      --generic-port N
                          default: chosen by the system
  --client-id ID          default: emulated-client
  --client-secret SECRET  default: emulated-secret
  --redirect-uri URI      one more; may be repeated
  --forever               do not stop when standard input ends
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(words) => {
            eprintln!("{words}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let mut options = Options::default();
    let mut forever = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        match name.as_str() {
            "--help" => {
                print!("{HELP}");
                return Ok(());
            }
            "--forever" => forever = true,
            _ => {
                let value = arguments
                    .next()
                    .ok_or_else(|| format!("{name} wants a value; --help lists all"))?;
                set(&mut options, &name, value)?;
            }
        }
    }
    let emulator = Emulator::start(options).map_err(|error| format!("cannot listen: {error}"))?;
    let mut output = io::stdout().lock();
    writeln!(output, "{}", emulator.describe())
        .and_then(|()| output.flush())
        .map_err(|error| error.to_string())?;
    wait(forever);
    Ok(())
}

fn set(options: &mut Options, name: &str, value: String) -> Result<(), String> {
    match name {
        "--client-id" => options.client_id = value,
        "--client-secret" => options.client_secret = value,
        "--redirect-uri" => options.redirect_uris.push(value),
        _ => return set_port(&mut options.ports, name, &value),
    }
    Ok(())
}

fn set_port(ports: &mut Ports, name: &str, value: &str) -> Result<(), String> {
    let Ports {
        control,
        airwallex_web,
        airwallex_api,
        ofx,
        wise_web,
        wise_api,
        wise_mtls,
        generic,
    } = ports;
    let port = match name {
        "--control-port" => control,
        "--airwallex-web-port" => airwallex_web,
        "--airwallex-api-port" => airwallex_api,
        "--ofx-port" => ofx,
        "--wise-web-port" => wise_web,
        "--wise-api-port" => wise_api,
        "--wise-mtls-port" => wise_mtls,
        "--generic-port" => generic,
        _ => return Err(format!("{name} is not known; --help lists all")),
    };
    *port = value.parse().map_err(|_| format!("{name} wants a port number"))?;
    Ok(())
}

/// Until standard input ends. A signal ends the process at once; there is nothing to save.
fn wait(forever: bool) {
    let mut chunk = [0; 256];
    while io::stdin().read(&mut chunk).is_ok_and(|count| count > 0) {}
    if forever {
        loop {
            std::thread::park();
        }
    }
}
