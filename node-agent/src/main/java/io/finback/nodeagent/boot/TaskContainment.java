package io.finback.nodeagent.boot;

import com.typesafe.config.Config;
import io.finback.nodeagent.cgroup.CgroupMounts;
import io.finback.nodeagent.executor.Tools;
import io.finback.nodeagent.isolation.Capability;
import io.finback.nodeagent.isolation.Detection;
import io.finback.nodeagent.isolation.Isolation;
import io.finback.nodeagent.isolation.IsolationSettings;
import io.finback.nodeagent.isolation.IsolatorStatus;
import io.finback.runtime.StartFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The keys of containment, and what they come to on this machine. */
final class TaskContainment {
    private static final Logger log = LoggerFactory.getLogger(TaskContainment.class);
    private static final int NAME_CHARACTERS = 16;

    private TaskContainment() {}

    /** Throws {@link IllegalArgumentException} with the key, its value and what was expected. */
    static IsolationSettings settings(Config agent) {
        String user = agent.getString("task-user").strip();
        return new IsolationSettings(
                parsed("isolation", agent.getString("isolation"), IsolationSettings::parse),
                agent.getString("cgroups.root"),
                agent.getBoolean("cgroups.cpu-hard-limit"),
                agent.getBoolean("cgroups.limit-swap"),
                agent.getLong("cgroups.pids-max"),
                agent.getBoolean("private-tmp"),
                agent.getBoolean("allow-root-tasks"),
                user.isEmpty() ? Optional.empty() : Optional.of(user),
                parsed("capabilities", agent.getString("capabilities"), Capability::parseList),
                agent.getInt("oom-score-adjust"));
    }

    /** Finds out what works, and says it. */
    static Isolation on(AgentSettings settings, Tools tools) {
        if (settings.isolation().privateTmp() && settings.dataDir().startsWith("/tmp")) {
            throw new StartFailure("finback.agent.private-tmp: true (expected: false while finback.data-dir is below"
                    + " /tmp: a task with a /tmp of its own would not find its sandbox there)");
        }
        Isolation isolation;
        try {
            isolation = Detection.run(
                    settings.isolation(),
                    tools.linux(),
                    CgroupMounts.ofThisMachine(),
                    isRoot(),
                    groupName(settings.dataDir()));
        } catch (IllegalArgumentException | IOException e) {
            throw new StartFailure(String.valueOf(e.getMessage()), e);
        }
        for (IsolatorStatus status : isolation.all()) {
            if (status.on()) {
                log.info("isolation.on isolator={} how={}", status.isolator(), status.detail());
            } else {
                log.warn("isolation.off isolator={} reason={}", status.isolator(), status.detail());
            }
        }
        return isolation;
    }

    /** Whoever owns this process's entry in {@code /proc} is whom it runs as. */
    private static boolean isRoot() throws IOException {
        return Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    }

    /** The same for every agent that is ever started on a directory, and another one for each directory. */
    private static String groupName(Path dataDir) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256")
                    .digest(dataDir.toString().getBytes(StandardCharsets.UTF_8));
            return "agent-" + HexFormat.of().formatHex(hash).substring(0, NAME_CHARACTERS);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static <T> T parsed(String key, String text, Function<String, T> parser) {
        try {
            return parser.apply(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("finback.agent." + key + ": " + e.getMessage(), e);
        }
    }
}
