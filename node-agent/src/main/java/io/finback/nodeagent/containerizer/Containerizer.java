package io.finback.nodeagent.containerizer;

import io.finback.nodeagent.task.ContainerRef;
import io.finback.nodeagent.task.Exit;
import io.finback.tasks.TaskInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One way to run things on this machine. It remembers nothing that matters: what a {@link ContainerRef} says is on the agent's
 * disk, and with it alone the next agent, too, can observe, signal and clean up. Thread-safe.
 *
 * <p>The order of calls is what makes a task run at most once, whenever the agent dies (ADR 0003): {@link #objection}; the launch
 * goes to disk; the sandbox is made and filled; {@link #prepare}; the ref goes to disk; {@link #release}; {@link #exit} until it
 * says how it ended; {@link #sweep}; the end goes to disk; {@link #forget}. Between prepare and release the command must not run,
 * and must never run should the agent die there (or the next agent must be able to tell that it has not begun).
 *
 * <p>Refs handed in are those this one has made ({@link ContainerRef#containerizer} is its {@link #name}).
 */
public interface Containerizer {
    /** A fixed text, on disk with every container: {@code mesos}, {@code docker}. */
    String name();

    /** Whether it can run anything now. Answered from what is at hand. */
    default Standing standing() {
        return new Standing(true, "processes of this machine");
    }

    /** Lets go of what it holds in this process; what runs goes on. */
    default void close() {}

    /** Why it will never run this: the field, its value and what was expected. Quick, asks nobody. */
    Optional<String> objection(TaskInfo task);

    /** Makes a container that waits. May block for long (an image is pulled); several run at once. */
    ContainerRef prepare(ContainerSpec spec) throws LaunchFailure;

    /** Lets a prepared container run its command. False when it is gone; then the command never runs. Must not block for long. */
    boolean release(ContainerRef prepared);

    /** Removes a prepared container that must not run. Must not block for long. */
    void discard(ContainerRef prepared);

    /** Removes everything prepared and not released: for an owner that starts anew or ends. */
    void discardAll();

    /**
     * It as it runs, with its process and its addresses; empty until then. Only asked of those that {@link
     * ContainerRef#startsLater start later}, and answered from what is at hand.
     */
    default Optional<ContainerRef> begun(ContainerRef container) {
        return Optional.empty();
    }

    /**
     * How it ended; empty while it runs. For any ref from disk, long after. Must answer from what is at hand (asked every 50 ms),
     * so what needs a conversation with an engine has it elsewhere.
     */
    Optional<Exit> exit(ContainerRef container);

    /** A polite signal to end (SIGTERM, unless the task names another). Must not block for long. */
    void terminate(ContainerRef container);

    /** Ends everything in it, whatever it does. Must not block for long; called again until {@link #exit} speaks. */
    void forceKill(ContainerRef container);

    /** Ends what ended containers have left running. */
    void sweep(List<ContainerRef> ended);

    /** The end is on disk: whatever is still kept of it (a record in the kernel, control groups, an ended container) may go. */
    void forget(ContainerRef container);

    /**
     * Ends what runs on this agent's behalf without a ref on disk: the checkpoint could not be read or was deleted, or the agent
     * died between preparing it and writing it down. Called once, before anything is prepared.
     *
     * @param known the containers of all refs on disk, of ended tasks included
     */
    void endOrphans(Set<String> known);

    /**
     * Deletes images no container is made of, whenever they were last wanted. May take long.
     *
     * @param keep names of images that stay; each as it could be pulled
     * @throws IOException the disk refuses, or images are being pulled
     */
    default void pruneImages(Set<String> keep) throws IOException {}

    /** Directories outside the sandbox that hold what this container alone has written. */
    default List<Path> written(ContainerRef container) {
        return List.of();
    }

    /** What they use now; those that cannot be measured are missing. May read files, no more. */
    Map<ContainerRef, Usage> usage(Collection<ContainerRef> containers);
}
