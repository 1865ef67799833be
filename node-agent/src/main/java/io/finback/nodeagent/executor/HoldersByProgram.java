package io.finback.nodeagent.executor;

import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.nodeagent.isolation.Wrap;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Holders that are {@link HolderProgram}s: one start of a program per task, which also writes its log files. */
record HoldersByProgram(HolderProgram program, Path shell, LogLimits limits) implements Holders {
    @Override
    public ProcessBuilder builder(ContainerSpec spec, TaskEnvironment environment, Wrap wrap) {
        Map<String, String> own = spec.task().command().environment();
        LogLimits out = limits.overriddenBy(own, "STDOUT");
        LogLimits err = limits.overriddenBy(own, "STDERR");
        List<String> words = new ArrayList<>(List.of(
                "begun",
                spec.begun().toString(),
                "log",
                Long.toString(out.maxBytes()),
                Integer.toString(out.maxFiles()),
                Long.toString(err.maxBytes()),
                Integer.toString(err.maxFiles())));
        words.addAll(wrap.words());
        List<String> line = new ArrayList<>(program.before(words));
        line.addAll(Holders.words(spec.task().command(), shell));
        ProcessBuilder builder = new ProcessBuilder(line)
                .directory(spec.sandbox().toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().clear();
        builder.environment().putAll(environment.exported());
        builder.environment().putAll(environment.assigned());
        return builder;
    }

    /** It says nothing before. */
    @Override
    public void await(long holder) {}

    @Override
    public void tidy(ContainerSpec spec) {}
}
