//! The terminal client of Sidelight: a thin shell over the crate `sidelight`, for people and for
//! scripts. `README.md` beside it describes what programs may rely on.

mod cli;
mod commands;
mod demo;
mod failure;
mod home;
mod keys;
mod labels;
mod output;
mod records;
mod screen;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::failure::Failure;
use crate::home::Home;
use crate::output::Output;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            return end(&Failure::internal(format!(
                "the system gives no threads ({error}); end other programs and try again"
            )));
        }
    };
    let result = runtime.block_on(run(cli));
    // A thread that still waits for standard input must not hold the program.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => end(&failure),
    }
}

async fn run(cli: Cli) -> Result<(), Failure> {
    let output = Output::new(cli.json);
    let home = || Home::new(cli.home.clone(), cli.clock);
    let Some(command) = cli.command else {
        return output.print(HELLO);
    };
    match command {
        Command::Init(options) => commands::begin::init(&home()?, options, output).await,
        Command::UseRelay(options) => commands::begin::use_relay(&home()?, options, output).await,
        Command::MoveRelay(options) => commands::begin::move_relay(&home()?, options, output).await,
        Command::Invite(options) => commands::pair::invite(&home()?, options, output).await,
        Command::Join(options) => commands::pair::join(&home()?, options, output).await,
        Command::Confirm(options) => commands::pair::confirm(&home()?, options, output).await,
        Command::Cancel => commands::pair::cancel(&home()?, output).await,
        Command::Rotate => commands::parting::rotate(&home()?, output).await,
        Command::Leave(options) => commands::parting::leave(&home()?, options, output).await,
        Command::Device(options) => commands::device::device(&home()?, options, output).await,
        Command::Recovery(options) => commands::recovery::recovery(&home()?, options, output).await,
        Command::Recover(options) => commands::recovery::recover(&home()?, options, output).await,
        Command::Refound(options) => commands::recovery::refound(&home()?, options, output).await,
        Command::Write(options) => commands::write::write(&home()?, options, output).await,
        Command::Share(options) => commands::hold::share(&home()?, options, output).await,
        Command::Edit(options) => commands::write::edit(&home()?, options, output).await,
        Command::Erase(options) => commands::erase::erase(&home()?, options, output).await,
        Command::Today => commands::today::today(&home()?, output).await,
        Command::CheckIn(options) => commands::needs::check_in(&home()?, options, output).await,
        Command::Need(options) => commands::needs::need(&home()?, options, output).await,
        Command::Offer(options) => commands::needs::offer(&home()?, options, output).await,
        Command::Bid(options) => commands::needs::bid(&home()?, options, output).await,
        Command::Comfort(options) => commands::needs::comfort(&home()?, options, output).await,
        Command::Boundary(options) => commands::needs::boundary(&home()?, options, output).await,
        Command::Plan(options) => commands::needs::plan(&home()?, options, output).await,
        Command::Answer(options) => commands::between::answer(&home()?, options, output).await,
        Command::Agreement(options) => {
            commands::between::agreement(&home()?, options, output).await
        }
        Command::Conversation(options) => {
            commands::between::conversation(&home()?, options, output).await
        }
        Command::Capacity(options) => commands::alone::capacity(&home()?, options, output).await,
        Command::OwnPlan(options) => commands::alone::own_plan(&home()?, options, output).await,
        Command::Contact(options) => commands::alone::contact(&home()?, options, output).await,
        Command::Consent(options) => commands::alone::consent(&home()?, options, output).await,
        Command::Rhythm(options) => commands::days::rhythm(&home()?, options, output).await,
        Command::Pause => commands::days::pause(&home()?, true, output).await,
        Command::Resume => commands::days::pause(&home()?, false, output).await,
        Command::Quiet(options) => commands::days::quiet(&home()?, options, output).await,
        Command::Notices(options) => commands::days::notices(&home()?, options, output).await,
        Command::Recall(options) => commands::days::recall(&home()?, options, output).await,
        Command::List(options) => commands::read::list(&home()?, options, output).await,
        Command::Drafts(options) => commands::read::drafts(&home()?, options, output).await,
        Command::History(options) => commands::past::history(&home()?, options, output).await,
        Command::OnThisDay(options) => commands::past::on_this_day(&home()?, options, output).await,
        Command::Hold(options) => commands::hold::hold(&home()?, options, output).await,
        Command::Held => commands::hold::held(&home()?, output).await,
        Command::Release(options) => commands::hold::release(&home()?, options, output).await,
        Command::Retract(options) => commands::hold::retract(&home()?, options, output).await,
        Command::Search(options) => commands::read::search(&home()?, options, output).await,
        Command::Show(options) => commands::read::show(&home()?, options, output).await,
        Command::Lock => commands::keys::lock(&home()?, output).await,
        Command::Unlock(options) => commands::keys::unlock(&home()?, options, output).await,
        Command::Private(options) => commands::private::private(&home()?, options, output).await,
        Command::Keys(options) => commands::keys::keys(&home()?, options, output).await,
        Command::Status => commands::read::status(&home()?, output).await,
        Command::Sync(options) => commands::travel::sync(&home()?, options, output).await,
        Command::Watch => commands::travel::watch(&home()?, output).await,
        Command::Import(options) => commands::files::import(&home()?, options, output).await,
        Command::Verify(options) => commands::verify::verify(options, output).await,
        Command::Export(options) => commands::files::export(&home()?, options, output).await,
        Command::Prompts(options) => commands::words::prompts(options, output),
        Command::Cards(options) if options.keep => {
            commands::words::keep(&home()?, options, output).await
        }
        Command::Cards(options) => commands::words::cards(options, output),
        Command::HelpNow(options) => commands::help::help_now(options, output),
        Command::Relay(options) => commands::relay::relay(cli.home, options, output).await,
        Command::Demo(options) => demo::run(options, output).await,
        Command::DemoDevice => demo::device::run(&home()?).await,
    }
}

/// Says on standard error what happened; without it if nobody listens.
fn end(failure: &Failure) -> ExitCode {
    if let Some(sentence) = failure.sentence() {
        let _ = writeln!(std::io::stderr(), "sidelight: {}", screen::Line(sentence));
    }
    failure.exit_code()
}

const HELLO: &str = "\
Sidelight, a journal for two.

  sidelight init --name NAME      begin, on this device
  sidelight write TEXT            write something down, for yourself
  sidelight list                  read

When you want to, with your partner:

  sidelight invite                show them an invitation
  sidelight write --share TEXT    write something they may read
  sidelight sync                  send and receive

  sidelight prompts               a prompt, if words are slow to come
  sidelight help-now              whom to call on a very bad day; needs no journal

There is no pace to keep. `sidelight --help` has the rest.";
