package io.finback.nodeagent.boot;

import io.finback.nodeagent.executor.HolderProgram;
import io.finback.nodeagent.executor.Tools;
import io.finback.runtime.StartFailure;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** With what tasks are started on this machine. */
final class TaskPrograms {
    private static final Logger log = LoggerFactory.getLogger(TaskPrograms.class);

    /** {@code finback.agent.launcher}. */
    enum Launcher {
        /** Our own program where it runs, a shell elsewhere. */
        AUTO,
        PROGRAM,
        SHELL;

        static Launcher parse(String text) {
            return Arrays.stream(values())
                    .filter(one -> one.name().toLowerCase(Locale.ROOT).equals(text))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException(
                            "finback.agent.launcher: '" + text + "' (expected: auto, program or shell)"));
        }
    }

    private TaskPrograms() {}

    /** Throws {@link StartFailure} when what is needed is not there. */
    static Tools find(Launcher launcher, Path dataDir) {
        Tools tools;
        try {
            tools = Tools.find(System.getenv().getOrDefault("PATH", ""));
        } catch (Tools.Missing e) {
            throw new StartFailure(String.valueOf(e.getMessage()), e);
        }
        if (launcher == Launcher.SHELL) {
            log.info("launcher.shell reason=finback.agent.launcher");
            return tools;
        }
        try {
            Tools with = tools.with(HolderProgram.install(dataDir.resolve("bin")));
            log.info("launcher.program");
            return with;
        } catch (HolderProgram.Unusable e) {
            if (launcher == Launcher.PROGRAM) {
                throw new StartFailure(
                        "finback.agent.launcher: program does not work here: " + e.getMessage()
                                + " (expected: it runs; auto takes a shell instead)",
                        e);
            }
            log.warn("launcher.shell reason={} effect=starts_take_longer", e.getMessage());
            return tools;
        }
    }
}
