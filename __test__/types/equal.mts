// Holds every type of ours that mirrors one of Baileys' against it, field by field and in both directions, for the
// Baileys that tsc is run with. A field that Baileys adds, drops or retypes fails here and not in an application.

import type * as theirs from 'baileys'
import type * as ours from 'baileys-postgres-auth'

/** Fails to compile unless a `Source` can stand where a `Target` is asked for. */
type Fits<_Source extends Target, Target> = true

/** The keys of `Theirs` that `Ours` lacks; `never` if there are none. */
type Missing<Theirs, Ours> = Exclude<keyof Theirs, keyof Ours>

// What we hand out is what Baileys asks for.
export type StateFits = Fits<ours.AuthenticationState, theirs.AuthenticationState>
export type KeysFit = Fits<ours.SignalKeyStore, theirs.SignalKeyStore>
export type CredsFit = Fits<ours.AuthenticationCreds, theirs.AuthenticationCreds>
export type RecordsFit = Fits<ours.SignalDataTypeMap, theirs.SignalDataTypeMap>

// What Baileys hands over is what we take.
export type CredsAreTaken = Fits<theirs.AuthenticationCreds, ours.AuthenticationCreds>
export type DataIsTaken = Fits<theirs.SignalDataSet, ours.SignalDataSet>
export type LoggerIsTaken = Fits<NonNullable<theirs.UserFacingSocketConfig['logger']>, ours.Logger>
export type ModuleIsTaken = Fits<typeof theirs, ours.BaileysModule>
type SharedRecords = Pick<ours.SignalDataTypeMap, keyof theirs.SignalDataTypeMap>
export type RecordsAreTaken = Fits<theirs.SignalDataTypeMap, SharedRecords>

// No field is left out: an optional one that is missing would pass all of the above.
export type NoCredsMissing = Fits<
  Missing<theirs.AuthenticationCreds, ours.AuthenticationCreds>,
  never
>
export type NoRecordsMissing = Fits<
  Missing<theirs.SignalDataTypeMap, ours.SignalDataTypeMap>,
  never
>
export type NoContactMissing = Fits<Missing<theirs.Contact, ours.Contact>, never>
export type NoSettingsMissing = Fits<Missing<theirs.AccountSettings, ours.AccountSettings>, never>
export type NoHashStateMissing = Fits<Missing<theirs.LTHashState, ours.LTHashState>, never>
type TheirAppKey = theirs.proto.Message.IAppStateSyncKeyData
export type NoAppKeyMissing = Fits<Missing<TheirAppKey, ours.AppStateSyncKeyData>, never>
type TheirAccount = theirs.proto.IADVSignedDeviceIdentity
export type NoAccountMissing = Fits<Missing<TheirAccount, ours.SignedDeviceIdentity>, never>
