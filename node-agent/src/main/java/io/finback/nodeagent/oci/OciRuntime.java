package io.finback.nodeagent.oci;

import io.finback.nodeagent.cgroup.CgroupMounts;
import io.finback.nodeagent.isolation.LinuxTools;
import io.finback.nodeagent.isolation.Programs;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The programs that make containers, by absolute path.
 *
 * @param program an OCI runtime with runc's command line
 * @param version its first line of {@code --version}
 */
record OciRuntime(
        Path program,
        String version,
        Path shell,
        Path env,
        Path unshare,
        Path nsenter,
        Path setpriv,
        Path mount,
        Path mknod,
        Path copy) {
    private static final List<String> KNOWN = List.of("runc", "crun");

    /** Why there is none; for people. */
    static final class Missing extends Exception {
        private static final long serialVersionUID = 1L;

        Missing(String message) {
            super(message);
        }
    }

    /**
     * Looks in {@code path} (as {@code PATH} is written).
     *
     * @param wanted {@code auto}: the first of runc and crun that is there; {@code none}; or a program
     */
    static OciRuntime find(String wanted, LinuxTools linux, String path, boolean root, CgroupMounts mounts)
            throws Missing {
        if (wanted.equals("none")) {
            throw new Missing("finback.agent.images.runtime is none");
        }
        List<String> candidates = wanted.equals("auto") ? KNOWN : List.of(wanted);
        List<String> seen = new ArrayList<>();
        for (String candidate : candidates) {
            Optional<Path> program = candidate.startsWith("/")
                    ? Optional.of(Path.of(candidate))
                    : Programs.find(candidate, path + ":/usr/local/sbin");
            if (program.isEmpty()) {
                seen.add(candidate + ": not found");
                continue;
            }
            Programs.Ran ran = Programs.run(List.of(program.get().toString(), "--version"));
            if (!ran.successful()) {
                seen.add(candidate + ": " + ran.said());
                continue;
            }
            if (ran.said().startsWith("crun") && isHybrid(mounts)) {
                // It says so itself, but only when a container is made.
                seen.add(candidate + ": refuses machines that have controllers of control groups in both versions");
                continue;
            }
            if (!root) {
                throw new Missing("the agent is not root");
            }
            if (!linux.ignoresChildren()) {
                throw new Missing("env --ignore-signal: not understood (coreutils since 8.31 does)");
            }
            return new OciRuntime(
                    program.get(),
                    ran.said().lines().findFirst().orElse(candidate),
                    linux.shell(),
                    linux.env(),
                    require("unshare", linux.unshare()),
                    require("nsenter", linux.nsenter()),
                    require("setpriv", linux.setpriv()),
                    require("mount", linux.mount()),
                    require("mknod", Programs.find("mknod", path)),
                    require("cp", Programs.find("cp", path)));
        }
        throw new Missing(String.join("; ", seen) + " (Debian: runc or crun)");
    }

    private static boolean isHybrid(CgroupMounts mounts) {
        return !mounts.unifiedControllers().isEmpty() && !mounts.legacy().isEmpty();
    }

    private static Path require(String name, Optional<Path> program) throws Missing {
        return program.orElseThrow(() -> new Missing(name + ": not found (util-linux and coreutils have it)"));
    }
}
