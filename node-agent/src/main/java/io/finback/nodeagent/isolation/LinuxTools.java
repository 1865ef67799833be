package io.finback.nodeagent.isolation;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Programs of util-linux and coreutils that contain tasks, by absolute path, as far as they are there.
 *
 * @param env sets variables, and signals where it can
 * @param ignoresChildren whether {@code env} can start a program whose ended children nobody has to wait for
 */
public record LinuxTools(
        Path shell,
        Path env,
        boolean ignoresChildren,
        Optional<Path> unshare,
        Optional<Path> nsenter,
        Optional<Path> setpriv,
        Optional<Path> prlimit,
        Optional<Path> mount,
        Optional<Path> id) {
    /** {@code path} is written as {@code PATH} is. */
    public static LinuxTools find(Path shell, Path env, String path) {
        return new LinuxTools(
                shell,
                env,
                Programs.run(List.of(env.toString(), "--ignore-signal=CHLD", "true"))
                        .successful(),
                Programs.find("unshare", path),
                Programs.find("nsenter", path),
                Programs.find("setpriv", path),
                Programs.find("prlimit", path),
                Programs.find("mount", path),
                Programs.find("id", path));
    }
}
