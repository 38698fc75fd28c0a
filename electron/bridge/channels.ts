/** @file The two channels between window and main process; what goes through them is the contract's. */

/** (method, args) -> Result */
export const callChannel = 'gyra:call';
/** EventMessage, unasked */
export const eventChannel = 'gyra:event';
