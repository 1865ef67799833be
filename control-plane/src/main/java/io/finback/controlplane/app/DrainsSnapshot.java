package io.finback.controlplane.app;

import io.finback.controlplane.scheduler.DrainBook;
import io.finback.wire.WireMessage;

/** All drains as the masters know them; the larger revision is newer. {@code full}: the change was refused, there are too many. */
public record DrainsSnapshot(long revision, DrainBook book, boolean full) implements WireMessage {}
