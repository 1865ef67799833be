package io.finback.nodeagent.probe;

import io.finback.nodeagent.check.Outcome;
import io.finback.nodeagent.executor.Inside;
import io.finback.tasks.CommandInfo;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/** Runs a command beside a task and waits for its end. What it prints is dropped. */
final class CommandLook {
    private final Inside inside;

    CommandLook(Inside inside) {
        this.inside = inside;
    }

    /** Blocks for the start of a process; everything started is gone when the outcome is there, or was told to go. */
    CompletionStage<Outcome> at(Optional<Long> leader, CommandInfo command, Duration timeout) {
        Process process;
        try {
            if (leader.isEmpty()) {
                return CompletableFuture.completedFuture(new Outcome.Broken("the task has no process"));
            }
            process = inside.start(leader.get(), command);
        } catch (IOException | Inside.Unreachable e) {
            return CompletableFuture.completedFuture(new Outcome.Broken("not started: " + e.getMessage()));
        }
        return process.onExit()
                .<Outcome>thenApply(ended -> new Outcome.Exited(ended.exitValue()))
                .completeOnTimeout(new Outcome.TimedOut(timeout), timeout.toNanos(), TimeUnit.NANOSECONDS)
                .whenComplete((outcome, failure) -> {
                    if (process.isAlive()) {
                        Inside.end(process);
                    }
                });
    }
}
