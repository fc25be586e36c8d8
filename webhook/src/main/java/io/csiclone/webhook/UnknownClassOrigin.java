package io.csiclone.webhook;

/**
 * What is made of a clone's storage class when nothing tells where it came from: the claim has
 * neither managedFields nor what a client-side apply leaves behind.
 */
enum UnknownClassOrigin {
  /** It counts as named by the user. */
  TRUST,
  /** It counts as filled in if it is a default class of the cluster, else as named by the user. */
  COMPARE,
  /** The clone is refused unless the class is its source's. */
  REFUSE
}
