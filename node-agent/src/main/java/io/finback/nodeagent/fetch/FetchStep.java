package io.finback.nodeagent.fetch;

import io.finback.nodeagent.containerizer.LaunchFailure;
import io.finback.nodeagent.containerizer.SandboxStep;
import io.finback.nodeagent.task.AgentTask;
import io.finback.tasks.FetchUri;
import io.finback.tasks.TaskInfo;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Predicate;

/** Fills a new sandbox with what the task's URIs name. Thread-safe. */
public final class FetchStep implements SandboxStep {
    private final Fetcher fetcher;
    private final Predicate<AgentTask> unwanted;

    /** @param unwanted whether the task has been ordered to end since */
    public FetchStep(Fetcher fetcher, Predicate<AgentTask> unwanted) {
        this.fetcher = fetcher;
        this.unwanted = unwanted;
    }

    @Override
    public Optional<String> objection(TaskInfo task) {
        int index = 0;
        for (FetchUri uri : task.command().uris()) {
            Optional<String> problem = download(uri).problem();
            if (problem.isPresent()) {
                return Optional.of("command.uris[" + index + "]." + problem.get());
            }
            index++;
        }
        return Optional.empty();
    }

    @Override
    public boolean takesLong(TaskInfo task) {
        return !task.command().uris().isEmpty();
    }

    @Override
    public void fill(AgentTask task, Path sandbox) throws LaunchFailure {
        try {
            fetcher.fetch(
                    task.container(),
                    task.info().command().uris().stream()
                            .map(FetchStep::download)
                            .toList(),
                    sandbox,
                    () -> unwanted.test(task));
        } catch (FetchFailure e) {
            throw new LaunchFailure("fetching " + e.getMessage());
        }
    }

    @Override
    public void stop(AgentTask task) {
        fetcher.cancel(task.container());
    }

    private static Download download(FetchUri uri) {
        return new Download(
                uri.value(), uri.executable(), uri.extract(), uri.cache(), uri.outputFile(), uri.checksum());
    }
}
