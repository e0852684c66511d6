//! Everything the page may ask for, declared once: registration and TypeScript come from the same lines.

use api::NewKey;
use chat::{AccountView, Attachment, CallId, Completion, ConversationId, Diagnosis, ErrorReport, FilledPrompt};
use chat::{Launch, LogLine, Output, Page, Prompt, Reading, ResourceList, ToolCall, TurnId, VisitorCall, WireLine};
use engine::logging::{LogFilter, LogRecord};
use engine::{
    AppEvent, Approval, ConversationsPreview, Explanation, Exported, ImportPreview, ImportSource,
    ImportedConversations, ImportedSignIn, Instructions, LedgerFilter, LedgerPage, ModelExchange, ModelFigures,
    ModelView, NewRule, Removed, ResultLines, RuleView, SearchFound, ServerAccounts, ServerPreview, ServerSettings,
    Settings, SettingsView, Snapshot, ToolsetView,
};
use gateway::{AuditFilter, AuditPage, Verified};
use tauri::ipc::Channel;
use tauri::{AppHandle, Manager, State, Wry};

use crate::about::{self, About};
use crate::asking::{AnswerApproval, Approve, ChooseTools, Explain, ToolsetOf};
use crate::conversations::{
    ChooseVersion, ForkConversation, Instruct, LoadModel, PinConversation, Regenerate, RenameConversation, SendMessage,
    Sent, TurnOf,
};
use crate::desk::Desk;
use crate::doors::{AnswerVisitor, CreateApiKey, Door, GatewayPanel, LocalApiPanel};
use crate::downloads::{self, SaveDownload};
use crate::links;
use crate::preferences::{self, Preferences};
use crate::providing::{ChangeServer, EnableServer, ImportServers, StoreKey, StoreSecret};
use crate::records::{self, ExportLedger, SavedLedger};
use crate::requests::{
    AnswerQuestion, Attach, CallRef, Complete, FillPrompt, Offering, ReadOutput, ReadOutputLines, ReadResource,
    ReadTurns, ResourceRef, ServerLog, strings,
};
use crate::sign_in::{SignIn, TrustIssuer, UseAccount, UseClient, UseResource};
use crate::system::{self, SystemView, SystemWishes, Words};
use crate::transfer::{self, ExportConversations, FiguresOf, ImportConversations};
use crate::updates::{self, UpdateView};

/// Everything the window shows, and from now on every event, in batches, on the page's own channel.
#[tauri::command]
async fn subscribe(desk: State<'_, Desk>, channel: Channel<Vec<AppEvent>>) -> Result<Snapshot, ErrorReport> {
    let (snapshot, events) = desk.engine().await?.subscribe();
    desk.forward(events, channel);
    Ok(snapshot)
}

commands! {
    /// Begins a turn; what happens next arrives as events.
    send_message(request: SendMessage) -> Sent, |app, engine| {
        let (conversation, turn) = engine.send(request.into()).await?;
        Ok(Sent { conversation, turn })
    };
    /// Makes a file ready to come with a question; nothing is sent to anybody yet.
    attach(request: Attach) -> Attachment, |app, engine| engine.attach(&request.name, request.bytes()?).await;
    /// What a model is given of a file: the data URL of a picture, or text.
    read_attachment(id: String) -> String, |app, engine| engine.attached(&id).await;
    /// Answers a question once more; the answer there is stays, as another version.
    regenerate(request: Regenerate) -> Sent, |app, engine| {
        let (conversation, turn) = engine.send(request.into()).await?;
        Ok(Sent { conversation, turn })
    };
    /// Looks at another version of a question or an answer; its branch arrives as `conversationOpened`.
    /// Answers the turn that stands there now.
    choose_version(it: ChooseVersion) -> TurnId, |app, engine| engine.choose_version(&it.conversation, &it.turn, it.of).await;
    /// Looks at the branch on which a turn stands; false where that is looked at already.
    reach_turn(it: TurnOf) -> bool, |app, engine| engine.reach_turn(&it.conversation, &it.turn).await;
    /// From the next question on the model is told everything again that was summed up for this turn.
    undo_condensing(it: TurnOf) -> (), |app, engine| engine.undo_condensing(&it.conversation, &it.turn).await;
    /// Has LM Studio load a model again, with room for so much.
    load_model(it: LoadModel) -> Vec<ModelView>, |app, engine| engine.load_model(&it.model, it.context.into()).await;
    stop_turn(id: ConversationId) -> (), |app, engine| {
        engine.stop(&id);
        Ok(())
    };
    answer_approval(answer: AnswerApproval) -> (), |app, engine| {
        let approval = match (answer.allow, answer.arguments) {
            (true, Some(arguments)) => Approval::With { arguments },
            (true, None) => Approval::Once,
            (false, _) => Approval::Refuse { word: answer.word },
        };
        engine.answer(&answer.call, approval)
    };
    /// Ends one running call; its turn goes on.
    cancel_call(call: CallId) -> (), |app, engine| engine.cancel_call(&call);
    /// Runs a call that has ended once more. What comes back is shown, not kept.
    run_again(it: CallRef) -> ToolCall, |app, engine| engine.run_again(&it.conversation, &it.call).await;
    /// Lets a waiting call run, and remembers for what else that holds.
    approve(request: Approve) -> (), |app, engine| engine.approve(&request.call, request.remember);
    /// The rules in force, in the order in which they are shown.
    rules(request: ()) -> Vec<RuleView>, |app, engine| {
        let () = request;
        Ok(engine.rules())
    };
    /// Makes a rule; what waits already is judged anew.
    add_rule(rule: NewRule) -> (), |app, engine| engine.add_rule(rule);
    /// Takes back what was allowed; `id` is the remembered rule's.
    remove_rule(id: String) -> (), |app, engine| engine.remove_rule(&id);
    /// What would happen to a call, and why. Nothing is called.
    explain(request: Explain) -> Explanation, |app, engine| {
        engine.explain(&request.server, &request.tool, request.arguments, request.conversation.as_ref())
    };
    /// What a conversation's model is offered and what it costs; without one, what a new one would be.
    toolset(request: ToolsetOf) -> ToolsetView, |app, engine| {
        engine.toolset(request.conversation.as_ref(), request.model).await
    };
    /// Changes which tools a conversation uses; without one, what holds for new ones.
    choose_tools(request: ChooseTools) -> (), |app, engine| {
        engine.choose_tools(request.conversation.as_ref(), request.choice).await
    };
    /// A person's answer to what a server asks.
    answer_question(request: AnswerQuestion) -> (), |app, engine| engine.answer_question(&request.question, request.answer);
    /// The prompts of one server, or of all.
    list_prompts(from: Offering) -> Vec<Prompt>, |app, engine| {
        engine.offers(from.chat.as_ref()).prompts(from.server.as_deref()).await
    };
    fill_prompt(it: FillPrompt) -> FilledPrompt, |app, engine| {
        engine.offers(it.chat.as_ref()).fill_prompt(&it.server, &it.name, strings(it.arguments)).await
    };
    /// Resources and templates of one server, or of all.
    list_resources(from: Offering) -> ResourceList, |app, engine| {
        engine.offers(from.chat.as_ref()).resources(from.server.as_deref()).await
    };
    read_resource(it: ReadResource) -> Reading, |app, engine| {
        engine.offers(it.chat.as_ref()).read_resource(&it.server, &it.uri).await
    };
    /// Changes of it arrive as events until it is unsubscribed or its server is gone.
    subscribe_resource(it: ResourceRef) -> (), |app, engine| engine.subscribe_resource(&it.server, &it.uri, true).await;
    unsubscribe_resource(it: ResourceRef) -> (), |app, engine| engine.subscribe_resource(&it.server, &it.uri, false).await;
    /// What could stand in a blank.
    complete(it: Complete) -> Completion, |app, engine| {
        engine.offers(it.chat.as_ref()).complete(&it.server, &it.blank, &it.begun, strings(it.others)).await
    };
    /// How grave a message must be for the server to send it at all.
    set_server_log_level(it: ServerLog) -> (), |app, engine| engine.set_server_log_level(&it.server, it.least).await;
    /// The last lines a server wrote that are at least so grave.
    server_log(request: ServerLog) -> Vec<LogLine>, |app, engine| Ok(engine.server_log(&request.server, request.least));
    /// Its latest turns arrive as an event, in step with its turn under way.
    open_conversation(id: ConversationId) -> (), |app, engine| engine.open_conversation(&id).await;
    /// Other turns of a conversation, as many as anybody reads at once; large results are shortened.
    read_turns(request: ReadTurns) -> Page, |app, engine| engine.read_turns(&request.conversation, &request.from).await;
    /// What a call brought, whole.
    read_output(request: ReadOutput) -> Output, |app, engine| engine.output(&request.turn, &request.call).await;
    /// What a call brought, as lines of text: some of them.
    read_output_lines(request: ReadOutputLines) -> ResultLines, |app, engine| {
        let ReadOutputLines { turn, call, from, to } = request;
        engine.output_lines(&turn, &call, from, to).await
    };
    /// Messages, calls and questions that hold all the words, in any conversation.
    search(text: String) -> SearchFound, |app, engine| engine.search(&text).await;
    rename_conversation(request: RenameConversation) -> (), |app, engine| engine.rename(&request.id, &request.title);
    /// Keeps it on top of the list, or puts it back among the others.
    pin_conversation(request: PinConversation) -> (), |app, engine| engine.pin(&request.id, request.pinned);
    /// Copies it, whole or up to one of its turns; answers the copy.
    fork_conversation(request: ForkConversation) -> ConversationId, |app, engine| {
        engine.fork(&request.id, request.at.as_ref()).await
    };
    /// Takes it out of the list; `restore_conversation` brings it back.
    remove_conversation(id: ConversationId) -> (), |app, engine| engine.remove(&id);
    restore_conversation(id: ConversationId) -> (), |app, engine| engine.restore(&id).await;
    /// What was removed and can be brought back, the latest first.
    removed_conversations(_all: ()) -> Vec<Removed>, |app, engine| engine.removed().await;
    /// What a conversation's model is told before everything else; without one, what a new one's would be.
    instructions(of: Option<ConversationId>) -> Instructions, |app, engine| engine.instructions(of.as_ref()).await;
    instruct(it: Instruct) -> (), |app, engine| engine.instruct(&it.conversation, it.own).await;
    /// The words with their blanks filled, as a model would be told them now.
    fill_blanks(words: String) -> String, |app, engine| Ok(engine.fill_blanks(&words));
    /// Asks for a place and writes conversations there; nothing where the person changed their mind.
    export_conversations(wish: ExportConversations) -> Option<Exported>, |app, engine| {
        transfer::export(&app, &engine, wish).await
    };
    /// Asks for a file of conversations; nothing where the person changed their mind.
    choose_conversations_file(request: ()) -> Option<String>, |app, engine| {
        let () = request;
        transfer::choose(&app).await
    };
    /// What a file of conversations would bring; nothing is taken over.
    look_at_conversations(path: String) -> ConversationsPreview, |app, engine| {
        engine.look_at_conversations(path.as_ref()).await
    };
    import_conversations(it: ImportConversations) -> ImportedConversations, |app, engine| {
        engine.import_conversations(it.path.as_ref(), it.chosen.as_deref()).await
    };
    /// Deletes every conversation for good; answers how many another program still writes, which stay.
    delete_all_conversations(request: ()) -> u64, |app, engine| {
        let () = request;
        engine.delete_all().await
    };
    /// What turns took by month and model, of one conversation or of all.
    figures(of: FiguresOf) -> Vec<ModelFigures>, |app, engine| engine.figures(of.conversation.as_ref()).await;
    /// Shows the folder where everything lies.
    show_home(request: ()) -> (), |app, engine| {
        let () = request;
        transfer::show_home(&app)
    };
    change_settings(settings: Settings) -> (), |app, engine| engine.change_settings(settings);
    store_key(request: StoreKey) -> (), |app, engine| engine.store_key(&request.provider, &request.key).await;
    forget_key(provider: String) -> (), |app, engine| engine.forget_key(&provider).await;
    /// Asks the keychain about every provider's key; the answer also arrives as an event.
    look_up_keys(request: ()) -> SettingsView, |app, engine| {
        let () = request;
        Ok(engine.look_up_keys().await)
    };
    list_models(provider: String) -> Vec<ModelView>, |app, engine| engine.list_models(&provider).await;
    /// Reads a URL, a command line or any client's JSON; nothing is added or run yet.
    preview_servers(text: String) -> Vec<ServerPreview>, |app, engine| engine.preview_servers(&text);
    /// Asks what was pasted whether it is there, in nobody's name; programs are not started.
    look_at_servers(text: String) -> Vec<Diagnosis>, |app, engine| engine.look_at_servers(&text).await;
    add_servers(text: String) -> Vec<String>, |app, engine| engine.add_servers(&text).await;
    enable_server(request: EnableServer) -> (), |app, engine| engine.enable_server(&request.name, request.enabled).await;
    remove_server(name: String) -> (), |app, engine| engine.remove_server(&name).await;
    /// Agrees that the server's program runs with exactly the command line that is shown.
    consent_server(name: String) -> (), |app, engine| engine.consent(&name).await;
    /// Gives a secret that a server's configuration refers to.
    /// Secrets that the server's settings refer to and that nobody has given yet.
    lacking_secrets(server: String) -> Vec<String>, |app, engine| engine.lacking_secrets(&server).await;
    store_server_secret(request: StoreSecret) -> (), |app, engine| {
        engine.store_server_secret(&request.name, &request.value).await
    };
    /// Keeps secrets in a file under that passphrase from now on: where no keychain answers.
    make_secret_file(passphrase: String) -> (), |app, engine| engine.make_secret_file(&passphrase).await;
    /// Opens that file until Loquat ends.
    unlock_secrets(passphrase: String) -> (), |app, engine| engine.unlock_secrets(&passphrase).await;
    /// Moves secrets that lie open in the list of servers to the keychain; answers whose they were.
    protect_secrets(request: ()) -> Vec<String>, |app, engine| {
        let () = request;
        engine.protect_secrets().await
    };
    server_settings(name: String) -> ServerSettings, |app, engine| engine.server_settings(&name);
    change_server(request: ChangeServer) -> (), |app, engine| {
        engine.change_server(&request.name, request.settings).await
    };
    /// How the server's program is started here; nothing where it is none.
    server_launch(name: String) -> Option<Launch>, |app, engine| engine.launch(&name).await;
    /// Lists of other clients that lie on this computer.
    import_sources(request: ()) -> Vec<ImportSource>, |app, engine| {
        let () = request;
        Ok(engine.import_sources())
    };
    /// What a list, by its path or as text, would bring; nothing is added or run.
    preview_import(source: String) -> ImportPreview, |app, engine| engine.preview_import(&source);
    import_servers(request: ImportServers) -> Vec<String>, |app, engine| {
        engine.import(&request.source, &request.chosen).await
    };
    /// Takes over the sign-ins of another program's file, which stays.
    import_sign_ins(path: String) -> Vec<ImportedSignIn>, |app, engine| engine.import_sign_ins(&path).await;
    /// Deletes a file of which the sign-ins were taken over.
    delete_sign_in_file(path: String) -> (), |app, engine| engine.delete_sign_in_file(&path);
    /// The last JSON-RPC messages exchanged with a server, both ways, secrets masked.
    server_wire(name: String) -> Vec<WireLine>, |app, engine| Ok(engine.server_wire(&name));
    reconnect_server(name: String) -> (), |app, engine| engine.reconnect_server(&name).await;
    /// Signs in to a server; the steps arrive as events, and the link with the step `consent`.
    sign_in(request: SignIn) -> (), |app, engine| {
        engine.sign_in(&request.server, request.account.as_deref(), |_| ()).await
    };
    stop_sign_in(server: String) -> (), |app, engine| {
        engine.stop_sign_in(&server);
        Ok(())
    };
    sign_out(request: SignIn) -> bool, |app, engine| engine.sign_out(&request.server, request.account.as_deref()).await;
    /// Who is signed in, by server; the keychain stays closed.
    signed_in(request: ()) -> Vec<ServerAccounts>, |app, engine| {
        let () = request;
        Ok(engine.signed_in().await)
    };
    /// Who is signed in to a server.
    accounts(server: String) -> Vec<AccountView>, |app, engine| engine.accounts(&server).await;
    use_account(request: UseAccount) -> (), |app, engine| engine.use_account(&request.server, &request.account).await;
    /// Introduces us anew to the authorization server with the next sign-in.
    reset_registration(server: String) -> (), |app, engine| engine.reset_registration(&server).await;
    /// Trusts an issuer that is not the expected one, for that server.
    trust_issuer(request: TrustIssuer) -> (), |app, engine| engine.trust_issuer(&request.server, &request.issuer).await;
    /// Takes a server for what it calls itself, though its address is another one.
    use_resource(request: UseResource) -> (), |app, engine| engine.use_resource(&request.server, &request.resource).await;
    /// Uses a client that somebody registered by hand.
    use_client(request: UseClient) -> (), |app, engine| {
        engine.use_client(&request.server, &request.id, request.secret.as_deref()).await
    };
    /// All five help-desk servers at once.
    remove_help_desk(request: ()) -> (), |app, engine| {
        let () = request;
        engine.remove_help_desk().await
    };
    restore_help_desk(request: ()) -> (), |app, engine| {
        let () = request;
        engine.restore_help_desk().await
    };
    /// What a turn said to its model and what came back, as it went over the wire, secrets masked.
    model_exchanges(turn: TurnId) -> Vec<ModelExchange>, |app, engine| Ok(engine.model_exchanges(&turn));
    /// The newest calls that fit.
    ledger(filter: LedgerFilter) -> LedgerPage, |app, engine| engine.ledger(&filter).await;
    /// Writes them all into a file among the downloads.
    export_ledger(wish: ExportLedger) -> SavedLedger, |app, engine| records::export_ledger(&app, &engine, wish).await;
    /// The last lines of the log that the filter lets through, oldest first.
    recent_logs(filter: LogFilter) -> Vec<LogRecord>, |app, engine| Ok(engine.recent_logs(&filter));
    /// Opens the log's file.
    open_log(request: ()) -> (), |app, engine| {
        let () = request;
        about::open_log(&app)
    };
    /// Versions, and where the log is.
    about(request: ()) -> About, |app, engine| {
        let () = request;
        Ok(About::this())
    };
    /// Tries the server or provider of that name, or all that are turned on: which step fails, and why.
    diagnose(name: Option<String>) -> Vec<Diagnosis>, |app, engine| engine.diagnose(name.as_deref()).await;
    local_api(request: ()) -> LocalApiPanel, |app, engine| {
        let () = request;
        app.state::<Desk>().doors().await?.api_panel().await
    };
    /// Serves the API at a port of this machine, or ends that. Remembered for the next start.
    turn_local_api(door: Door) -> (), |app, engine| app.state::<Desk>().doors().await?.turn_api(door).await;
    /// The answer is the only time at which the key can be read.
    create_api_key(it: CreateApiKey) -> NewKey, |app, engine| {
        app.state::<Desk>().doors().await?.api()?.create_key(&it.name, it.rights)
    };
    revoke_api_key(name: String) -> (), |app, engine| app.state::<Desk>().doors().await?.api()?.revoke_key(&name);
    gateway(request: ()) -> GatewayPanel, |app, engine| {
        let () = request;
        app.state::<Desk>().doors().await?.gateway_panel().await
    };
    /// Serves the gateway at a port of this machine, or ends that. Remembered for the next start.
    turn_gateway(door: Door) -> (), |app, engine| app.state::<Desk>().doors().await?.turn_gateway(door).await;
    /// The answer is the only time at which the key can be read.
    create_gateway_key(name: String) -> NewKey, |app, engine| {
        let key = app.state::<Desk>().doors().await?.gateway().create_key(&name).await?;
        Ok(NewKey { name, key })
    };
    revoke_gateway_key(name: String) -> (), |app, engine| {
        app.state::<Desk>().doors().await?.gateway().revoke_key(&name).await
    };
    /// What the gateway has written down, newest first.
    search_audit(filter: AuditFilter) -> AuditPage, |app, engine| {
        app.state::<Desk>().doors().await?.gateway().search_audit(filter).await
    };
    /// Whether the gateway's log is whole: read from its first record to its last.
    verify_audit(request: ()) -> Verified, |app, engine| {
        let () = request;
        app.state::<Desk>().doors().await?.gateway().verify_audit().await
    };
    /// Calls of other programs that wait for a person's word; later ones arrive as events.
    visitor_calls(request: ()) -> Vec<VisitorCall>, |app, engine| {
        let () = request;
        Ok(app.state::<Desk>().doors().await?.visitor_calls().await)
    };
    answer_visitor(answer: AnswerVisitor) -> (), |app, engine| app.state::<Desk>().doors().await?.answer(answer).await;
    /// How Loquat takes part in this system.
    system(request: ()) -> SystemView, |app, engine| {
        let () = request;
        Ok(system::view(&app))
    };
    change_system(wishes: SystemWishes) -> SystemView, |app, engine| system::wish(&app, wishes);
    start_at_login(wanted: bool) -> SystemView, |app, engine| system::start_at_login(&app, wanted);
    /// The words of notifications and of the tray, in the page's language.
    speak(words: Words) -> (), |app, engine| {
        system::speak(&app, words);
        Ok(())
    };
    /// The newest version, if this is not it.
    look_for_update(request: ()) -> Option<UpdateView>, |app, engine| {
        let () = request;
        updates::look(&app).await
    };
    /// Fetches and checks the newest version, puts it in place of this one and starts it.
    install_update(request: ()) -> (), |app, engine| {
        let () = request;
        updates::install(&app).await
    };
    /// The link that was followed last and describes a server; only once.
    take_link(request: ()) -> Option<String>, |app, engine| {
        let () = request;
        Ok(app.state::<Desk>().take_link())
    };
    load_preferences(request: ()) -> Preferences, |app, engine| {
        let () = request;
        preferences::load(&app)
    };
    save_preferences(values: Preferences) -> (), |app, engine| preferences::save(&app, values);
    /// Opens a link in the browser: only addresses of the web and of mail.
    open_link(url: String) -> (), |app, engine| links::open(&app, &url);
    /// Loads a picture from the web because a person asked for it: a data URL.
    load_picture(url: String) -> String, |app, engine| engine.load_picture(&url).await;
    /// Writes a new file among the person's downloads and answers where it is.
    save_download(request: SaveDownload) -> String, |app, engine| downloads::save(&app, &request);
    /// Questions that the help desk can answer.
    example_questions(request: ()) -> Vec<String>, |app, engine| {
        let () = request;
        Ok(engine::EXAMPLES.map(String::from).to_vec())
    };
}

#[cfg(test)]
#[path = "bindings_tests.rs"]
mod tests;
