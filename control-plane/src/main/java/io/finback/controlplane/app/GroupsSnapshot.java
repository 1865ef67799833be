package io.finback.controlplane.app;

import io.finback.controlplane.scheduler.GroupBook;
import io.finback.wire.WireMessage;

/** All groups as the read views show them; the larger revision is newer. {@code full}: the change was refused, there are too many. */
public record GroupsSnapshot(long revision, GroupBook book, boolean full) implements WireMessage {}
