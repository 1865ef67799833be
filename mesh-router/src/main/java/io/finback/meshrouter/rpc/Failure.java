package io.finback.meshrouter.rpc;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Why a call failed, and what may be done about it. The kinds below are what the library itself fails with; {@link #flags} travel over
 * Mux. Without a stack trace: it would name the event loop. Source: twitter/finagle {@code FailureFlags.scala}.
 */
public class Failure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Provably not processed: may be sent again, whatever it is. */
    public static final long RETRYABLE = 1;
    /** Nobody waits for it. */
    public static final long INTERRUPTED = 1 << 1;
    /** Refused by admission control, here or there. */
    public static final long REJECTED = 1 << 3;
    /** Must not be sent again, whatever it looks like. Never beside RETRYABLE. */
    public static final long NON_RETRYABLE = 1 << 4;
    /** Says nothing about whoever answered. */
    public static final long IGNORABLE = 1 << 5;

    public static final long DEADLINE_EXCEEDED = 1 << 6;

    private final long flags;

    public Failure(String message, long flags) {
        this(message, flags, null);
    }

    public Failure(String message, long flags, @Nullable Throwable cause) {
        super(message, cause, false, false);
        this.flags = flags;
    }

    public long flags() {
        return flags;
    }

    public boolean is(long flag) {
        return (flags & flag) != 0;
    }

    /** The same with other flags. */
    public Failure flagged(long other) {
        return other == flags ? this : new Failure(String.valueOf(getMessage()), other, this);
    }

    /** Refused before it was processed: retryable. */
    public static Failure rejected(String message) {
        return new Failure(message, RETRYABLE | REJECTED);
    }

    /** Whether it is provably not processed and may be sent again. */
    public static boolean retryable(@Nullable Throwable failure) {
        return failure instanceof Failure f && f.is(RETRYABLE) && !f.is(INTERRUPTED) && !f.is(NON_RETRYABLE);
    }

    public static boolean ignorable(@Nullable Throwable failure) {
        return failure instanceof Failure f && f.is(IGNORABLE);
    }

    /** The flags of a failure of any kind. */
    public static long flagsOf(Throwable failure) {
        return failure instanceof Failure f ? f.flags() : 0;
    }

    /** No connection could be made: retryable. */
    public static final class NotConnected extends Failure {
        private static final long serialVersionUID = 1L;

        public NotConnected(String endpoint, String reason) {
            super("cannot connect to " + endpoint + ": " + reason, RETRYABLE);
        }

        private NotConnected(String message, long flags) {
            super(message, flags);
        }

        @Override
        public Failure flagged(long other) {
            return other == flags() ? this : new NotConnected(String.valueOf(getMessage()), other);
        }
    }

    /** The endpoint refused connections lately; a probe tries it in the background. Retryable. */
    public static final class FailedFast extends Failure {
        private static final long serialVersionUID = 1L;

        public FailedFast(String endpoint) {
            super(endpoint + " refused connections; it is being tried in the background", RETRYABLE);
        }

        private FailedFast(String message, long flags) {
            super(message, flags);
        }

        @Override
        public Failure flagged(long other) {
            return other == flags() ? this : new FailedFast(String.valueOf(getMessage()), other);
        }
    }

    /** The connection ended with the call under way: it may have been processed. */
    public static final class ChannelClosed extends Failure {
        private static final long serialVersionUID = 1L;

        /** @param written whether anything of the call may have reached the socket */
        public ChannelClosed(String endpoint, String reason, boolean written) {
            super("connection to " + endpoint + " closed: " + reason, written ? 0 : RETRYABLE);
        }

        private ChannelClosed(String message, long flags) {
            super(message, flags);
        }

        @Override
        public Failure flagged(long other) {
            return other == flags() ? this : new ChannelClosed(String.valueOf(getMessage()), other);
        }
    }

    /** It took too long. */
    public static final class TimedOut extends Failure {
        private static final long serialVersionUID = 1L;

        /** @param what such as "request" or "session acquisition" */
        public TimedOut(String what, String label, Duration limit, long flags) {
            super(what + " to " + label + " took longer than " + limit.toMillis() + " ms", flags);
        }

        private TimedOut(String message, long flags) {
            super(message, flags);
        }

        @Override
        public Failure flagged(long other) {
            return other == flags() ? this : new TimedOut(String.valueOf(getMessage()), other);
        }
    }

    /** There is no endpoint to send it to. Not retryable: there would be none again. */
    public static final class NoEndpoints extends Failure {
        private static final long serialVersionUID = 1L;

        public NoEndpoints(String label, String destination) {
            super("no endpoints for " + label + " (" + destination + ")", 0);
        }

        private NoEndpoints(String message, long flags) {
            super(message, flags);
        }

        @Override
        public Failure flagged(long other) {
            return other == flags() ? this : new NoEndpoints(String.valueOf(getMessage()), other);
        }
    }

    /** Too many wait for a connection already. */
    public static final class TooManyWaiters extends Failure {
        private static final long serialVersionUID = 1L;

        public TooManyWaiters(int limit) {
            super("more than " + limit + " callers wait for a connection", REJECTED);
        }

        private TooManyWaiters(String message, long flags) {
            super(message, flags);
        }

        @Override
        public Failure flagged(long other) {
            return other == flags() ? this : new TooManyWaiters(String.valueOf(getMessage()), other);
        }
    }

    /** It came too late to be worth an answer. */
    public static final class DeadlineExceeded extends Failure {
        private static final long serialVersionUID = 1L;

        public DeadlineExceeded(Duration late) {
            super("deadline exceeded " + late.toMillis() + " ms ago", DEADLINE_EXCEEDED);
        }

        private DeadlineExceeded(String message, long flags) {
            super(message, flags);
        }

        @Override
        public Failure flagged(long other) {
            return other == flags() ? this : new DeadlineExceeded(String.valueOf(getMessage()), other);
        }
    }

    /** The other side says that its application failed. */
    public static final class ServerApplication extends Failure {
        private static final long serialVersionUID = 1L;

        public ServerApplication(String message, long flags) {
            super(message, flags);
        }

        @Override
        public Failure flagged(long other) {
            return other == flags() ? this : new ServerApplication(String.valueOf(getMessage()), other);
        }
    }

    /** The other side broke the protocol, or says that we did. */
    public static final class Protocol extends Failure {
        private static final long serialVersionUID = 1L;

        public Protocol(String message) {
            super(message, 0);
        }

        private Protocol(String message, long flags) {
            super(message, flags);
        }

        @Override
        public Failure flagged(long other) {
            return other == flags() ? this : new Protocol(String.valueOf(getMessage()), other);
        }
    }

    /** It was closed. */
    public static final class Closed extends Failure {
        private static final long serialVersionUID = 1L;

        public Closed(String what) {
            super(what + " is closed", RETRYABLE);
        }

        private Closed(String message, long flags) {
            super(message, flags);
        }

        @Override
        public Failure flagged(long other) {
            return other == flags() ? this : new Closed(String.valueOf(getMessage()), other);
        }
    }
}
