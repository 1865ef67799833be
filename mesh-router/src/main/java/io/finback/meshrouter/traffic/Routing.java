package io.finback.meshrouter.traffic;

import java.util.function.Function;

/** Decides where a request goes. Called on event loops: answers at once and never blocks. */
@FunctionalInterface
public interface Routing {
    Answer route(RequestHead head);

    /** The outcome. */
    sealed interface Answer {
        <R> R match(Function<To, R> to, Function<Refused, R> refused, Function<Waiting, R> waiting);
    }

    /**
     * Goes there.
     *
     * @param name the logical name, for {@code l5d-dst-service}
     * @param service what is kept for that name
     * @param residual what the destination's id left of the name, for {@code l5d-dst-residual}
     * @param localDtab the request's own dtab, for {@code l5d-ctx-dtab}; empty text is none
     */
    record To(String name, Service service, Destination destination, String residual, String localDtab)
            implements Answer {
        @Override
        public <R> R match(Function<To, R> to, Function<Refused, R> refused, Function<Waiting, R> waiting) {
            return to.apply(this);
        }
    }

    record Refused(ErrorAnswer error) implements Answer {
        @Override
        public <R> R match(Function<To, R> to, Function<Refused, R> refused, Function<Waiting, R> waiting) {
            return refused.apply(this);
        }
    }

    /**
     * It is not known yet: ask again when something has changed.
     *
     * @param what is awaited, for people
     * @param subscribe takes what to run, once, at the next change since this answer, on any thread; gives what takes it back
     */
    record Waiting(String what, Function<Runnable, Runnable> subscribe) implements Answer {
        @Override
        public <R> R match(Function<To, R> to, Function<Refused, R> refused, Function<Waiting, R> waiting) {
            return waiting.apply(this);
        }
    }
}
