package io.finback.controlplane.scheduler;

import java.time.Instant;

/** What happened to those who want events posted to them. */
public sealed interface CallbackEvent {
    CallbackBook applyTo(CallbackBook book);

    record Subscribed(Instant at, String url) implements CallbackEvent {
        @Override
        public CallbackBook applyTo(CallbackBook book) {
            return book.with(url);
        }
    }

    record Unsubscribed(Instant at, String url) implements CallbackEvent {
        @Override
        public CallbackBook applyTo(CallbackBook book) {
            return book.without(url);
        }
    }
}
