package io.finback.controlplane.allocator;

/** An outstanding offer with what it takes to end it cheaply. */
record LiveOffer(Offered offered, Seat seat, Slot slot, Portion portion) {}
