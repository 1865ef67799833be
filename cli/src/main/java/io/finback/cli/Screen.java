package io.finback.cli;

import java.io.PrintStream;

/**
 * Where the program speaks to a person: results to {@code out}, one line for what went wrong to {@code err}.
 *
 * @param out flushed after each line
 */
record Screen(PrintStream out, PrintStream err) {
    void say(String line) {
        out.println(line);
        out.flush();
    }

    /** A refusal or failure, in one line. */
    void fail(String what) {
        err.println("finback: " + what.replaceAll("\\s*\\R\\s*", " "));
        err.flush();
    }
}
