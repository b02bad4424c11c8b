//! A store, as JavaScript holds it.

use std::sync::Arc;

use napi::{
    Env,
    bindgen_prelude::{Array, Either, Function},
};
use napi_derive::napi;

use super::{
    inspection::{NativeCursor, VerificationWork},
    migration::{MigrationWork, NativeMigrationOptions},
    moving::NativeImportOptions,
    rotation::RotationWork,
    settings::NativeSettings,
    stats::NativeStats,
    work::NativeWork,
};
use crate::{
    config::Settings,
    error::Result,
    outcome::{Answer, Failure, Mailbox},
    runtime,
    store::Store,
};

/// A store. Calls that take a token are answered through the mailbox: `wake` is called when there is something to
/// collect.
#[napi]
pub struct NativeStore {
    store: Arc<Store>,
    mailbox: Arc<Mailbox>,
}

#[napi]
impl NativeStore {
    /// Makes a store, or says what is wrong with its settings.
    #[napi(catch_unwind)]
    pub fn create(settings: NativeSettings, wake: Function<'_, (), ()>) -> napi::Result<Either<NativeStore, Failure>> {
        let mailbox = Mailbox::new(wake)?;
        Ok(match make(settings.into(), &mailbox) {
            Ok(store) => Either::A(Self {
                store: Arc::new(store),
                mailbox,
            }),
            Err(error) => Either::B(Failure::from(&error)),
        })
    }

    /// Opens an account.
    #[napi(catch_unwind)]
    pub fn open(&self, token: u32, account_id: String) {
        let (store, opening) = (self.store.clone(), Box::pin(self.store.open(account_id.into())));
        self.answer(token, async move { Ok(Answer::Opened(store, opening.await?)) });
    }

    /// Deletes an account's session.
    #[napi(catch_unwind)]
    pub fn clear(&self, token: u32, account_id: String) {
        let cleared = self.store.clear(account_id.into());
        self.answer(token, async move { cleared.await.map(|()| Answer::Done) });
    }

    /// The token is answered with the sessions that are in quarantine.
    #[napi(catch_unwind)]
    pub fn quarantine(&self, token: u32) {
        let listed = self.store.clone().quarantine();
        self.answer(token, async move { listed.await.map(Answer::Quarantine) });
    }

    /// Puts a session from quarantine back.
    #[napi(catch_unwind)]
    pub fn restore(&self, token: u32, quarantine_id: String, replace: bool) {
        let restored = self.store.clone().restore(quarantine_id, replace);
        self.answer(token, async move { restored.await.map(|()| Answer::Done) });
    }

    /// A change of all sessions over to the current secret; with `rekey`, with new data keys.
    #[napi(catch_unwind)]
    pub fn rotate(&self, rekey: bool) -> NativeWork {
        NativeWork::new(self.mailbox.clone(), RotationWork::new(self.store.clone(), rekey))
    }

    /// A move of all sessions to another layout.
    #[napi(catch_unwind)]
    pub fn migrate(&self, options: NativeMigrationOptions) -> NativeWork {
        NativeWork::new(self.mailbox.clone(), MigrationWork::new(self.store.clone(), options))
    }

    /// The token is answered with what is known of the next sessions, or of one account's; with none at the end.
    #[napi(catch_unwind)]
    pub fn sessions(&self, token: u32, after: Option<NativeCursor>, account_id: Option<String>) {
        let listed = self.store.clone().statuses(after.map(Into::into), account_id);
        self.answer(token, async move { listed.await.map(Answer::Sessions) });
    }

    /// A look at all of every session, or of one account's.
    #[napi(catch_unwind)]
    pub fn verify(&self, account_id: Option<String>) -> NativeWork {
        NativeWork::new(
            self.mailbox.clone(),
            VerificationWork::new(self.store.clone(), account_id),
        )
    }

    /// Makes a folder of files an account's session; the token is answered with what came of it.
    #[napi(catch_unwind)]
    pub fn import_multi_file(&self, token: u32, folder: String, account_id: String, options: NativeImportOptions) {
        let imported = self.store.import(account_id.into(), folder.into(), options.into());
        self.answer(token, async move { imported.await.map(Answer::Imported) });
    }

    /// Writes an account's session into a folder; the token is answered with what was written.
    #[napi(catch_unwind)]
    pub fn export_multi_file(&self, token: u32, account_id: String, folder: String, takes_over: bool) {
        let exported = self.store.export(account_id.into(), folder.into(), takes_over);
        self.answer(token, async move { exported.await.map(Answer::Exported) });
    }

    /// Closes every session and connection.
    #[napi(catch_unwind)]
    pub fn close(&self, token: u32) {
        let closed = self.store.close();
        self.answer(token, async move { closed.await.map(|()| Answer::Done) });
    }

    /// Takes what is in the mailbox, `most` letters at most: token, failure or null, and value, three elements a letter; token
    /// 0 is a notice. Who gets as many as it asked for has to come again.
    #[napi(catch_unwind, ts_return_type = "Array<any>")]
    pub fn collect<'env>(&self, env: &'env Env, most: u32) -> napi::Result<Array<'env>> {
        self.mailbox.collect(env, most as usize)
    }

    /// Keeps Node.js alive until further notice, or no longer.
    #[napi(catch_unwind)]
    pub fn hold(&self, env: &Env, hold: bool) {
        self.mailbox.hold(env, hold);
    }

    /// The store's figures.
    #[napi(catch_unwind)]
    pub fn stats(&self) -> NativeStats {
        NativeStats::of(&self.store)
    }

    /// Parameters of the connection string that mean nothing here.
    #[napi(catch_unwind)]
    pub fn ignored_parameters(&self) -> Vec<String> {
        self.store.ignored_parameters().to_vec()
    }

    fn answer(&self, token: u32, work: impl Future<Output = Result<Answer>> + Send + 'static) {
        // Boxed where it is made: every future around it would hold it twice, and thousands may be open at once.
        let (work, mailbox) = (Box::pin(work), self.mailbox.clone());
        match runtime::handle() {
            Ok(runtime) => drop(runtime.spawn(async move { mailbox.answer(token, work.await) })),
            Err(error) => mailbox.answer(token, Err(error)),
        }
    }
}

fn make(settings: Settings, mailbox: &Arc<Mailbox>) -> Result<Store> {
    let runtime = runtime::handle()?;
    let _within = runtime.enter();
    let mailbox = mailbox.clone();
    Store::new(settings, Arc::new(move |event| mailbox.tell(event)))
}
