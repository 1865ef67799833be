package io.finback.controlplane.allocator;

/** An outstanding offer with what it takes to end it cheaply. Compared by identity: no record, as the hash of an offer's resources is dear. */
final class LiveOffer {
    private final Offered offered;
    private final Seat seat;
    private final Slot slot;
    private final Portion portion;

    LiveOffer(Offered offered, Seat seat, Slot slot, Portion portion) {
        this.offered = offered;
        this.seat = seat;
        this.slot = slot;
        this.portion = portion;
    }

    Offered offered() {
        return offered;
    }

    Seat seat() {
        return seat;
    }

    Slot slot() {
        return slot;
    }

    Portion portion() {
        return portion;
    }
}
