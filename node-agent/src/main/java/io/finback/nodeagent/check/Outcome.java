package io.finback.nodeagent.check;

import java.time.Duration;

/** What one look at a task has shown. */
public sealed interface Outcome {
    /** For people: {@code exited with status 1}, {@code HTTP 503}, {@code timed out after 20 s}. */
    String describe();

    /** The command ended by itself. */
    record Exited(int status) implements Outcome {
        @Override
        public String describe() {
            return "exited with status " + status;
        }
    }

    /** The server answered; after redirects, if there were any. */
    record Answered(int status) implements Outcome {
        @Override
        public String describe() {
            return "HTTP " + status;
        }
    }

    /** A TCP connection was tried: accepted or refused. */
    record Connected(boolean accepted) implements Outcome {
        @Override
        public String describe() {
            return accepted ? "connected" : "connection refused";
        }
    }

    record TimedOut(Duration after) implements Outcome {
        @Override
        public String describe() {
            return "timed out after " + after.toMillis() / 1000.0 + " s";
        }
    }

    /** Nothing can be said: the command could not be started, the server broke off. */
    record Broken(String why) implements Outcome {
        @Override
        public String describe() {
            return why;
        }
    }
}
