package io.finback.nodeagent.executor;

import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.nodeagent.isolation.Wrap;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.ContainerInfo.Tty;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Holders that are {@link HolderProgram}s: one start of a program per task, which also writes its log files. */
record HoldersByProgram(HolderProgram program, Path shell, LogLimits limits) implements Holders {
    @Override
    public ProcessBuilder builder(ContainerSpec spec, TaskEnvironment environment, Wrap wrap) {
        List<String> words = words(spec.begun(), spec.task().command().environment());
        Optional<Tty> terminal = spec.task().options().container().flatMap(ContainerInfo::tty);
        terminal.ifPresent(size -> words.addAll(List.of(
                "tty",
                Integer.toString(size.rows()),
                Integer.toString(size.columns()),
                Typing.file(spec.begun()).toString())));
        words.addAll(wrap.words());
        List<String> line = new ArrayList<>(program.before(words));
        line.addAll(Holders.words(spec.task().command(), shell));
        ProcessBuilder builder = new ProcessBuilder(line)
                .directory(spec.sandbox().toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().clear();
        builder.environment().putAll(environment.exported());
        builder.environment().putAll(environment.assigned());
        if (terminal.isPresent()) {
            builder.environment().putIfAbsent("TERM", "xterm");
        }
        return builder;
    }

    @Override
    public boolean hasTerminals() {
        return true;
    }

    @Override
    public ProcessBuilder around(ProcessBuilder inner, List<String> path, Path begun, Optional<Rights> owner) {
        List<String> words = words(begun, inner.environment());
        path.forEach(step -> words.addAll(List.of(
                "below",
                step,
                owner.map(Rights::uid).orElse("-"),
                owner.map(Rights::gid).orElse("-"))));
        List<String> line = new ArrayList<>(program.before(words));
        line.addAll(inner.command());
        ProcessBuilder builder =
                new ProcessBuilder(line).directory(inner.directory()).redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().clear();
        builder.environment().putAll(inner.environment());
        return builder;
    }

    private List<String> words(Path begun, Map<String, String> environment) {
        LogLimits out = limits.overriddenBy(environment, "STDOUT");
        LogLimits err = limits.overriddenBy(environment, "STDERR");
        return new ArrayList<>(List.of(
                "begun",
                begun.toString(),
                "log",
                Long.toString(out.maxBytes()),
                Integer.toString(out.maxFiles()),
                Long.toString(err.maxBytes()),
                Integer.toString(err.maxFiles())));
    }

    /** It says nothing before. */
    @Override
    public void await(long holder) {}

    @Override
    public void tidy(Path begun) {}
}
