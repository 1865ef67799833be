package io.finback.nodeagent.oci;

import io.finback.nodeagent.cgroup.CgroupMounts;
import io.finback.nodeagent.containerizer.Standing;
import io.finback.nodeagent.executor.LogLimits;
import io.finback.nodeagent.executor.LogScript;
import io.finback.nodeagent.executor.Processes;
import io.finback.nodeagent.executor.Tools;
import io.finback.nodeagent.image.ImageStore;
import io.finback.nodeagent.isolation.Isolation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What containers of images are made with, where there is a runtime. */
record OciTools(Maker maker, Bundles bundles) {
    private static final Logger log = LoggerFactory.getLogger(OciTools.class);

    /**
     * Finds out what this machine can do, and says it.
     *
     * @param directory the agent's own, for images and containers
     * @param path where programs are, as {@code PATH} is written
     * @param hostname what tasks see as {@code HOST}
     */
    static OciContainerizer containerizer(
            OciSettings settings,
            Path directory,
            Tools tools,
            Isolation isolation,
            Processes processes,
            LogLimits logs,
            String path,
            String hostname,
            String bootId)
            throws IOException {
        OciRuntime runtime;
        try {
            runtime = OciRuntime.find(
                    settings.runtime(), tools.linux(), path, isolation.isRoot(), CgroupMounts.ofThisMachine());
        } catch (OciRuntime.Missing e) {
            log.warn("oci.off reason={}", e.getMessage());
            return new OciContainerizer(
                    Optional.empty(), new Standing(false, String.valueOf(e.getMessage())), processes, isolation);
        }
        // Environments of tasks are in there.
        Path containers = Files.createDirectories(directory.resolve("containers"));
        Files.setPosixFilePermissions(containers, PosixFilePermissions.fromString("rwx------"));
        Path images = Files.createDirectories(directory.resolve("images"));
        Optional<String> noOverlay = settings.overlay()
                ? RootFs.tryOverlay(runtime, containers)
                : Optional.of("finback.agent.images.overlay is false");
        String how = runtime.version() + ", "
                + noOverlay.map(why -> "layers are copied (" + why + ")").orElse("layers are mounted as an overlay");
        log.info("oci.on runtime={} version={} how={}", runtime.program(), runtime.version(), how);
        ImageStore store = new ImageStore(settings.images(), images);
        Bundles bundles = new Bundles(
                containers,
                store,
                new RootFs(runtime, store, noOverlay.isEmpty()),
                isolation,
                hostname,
                settings.images().keep());
        return new OciContainerizer(
                Optional.of(new OciTools(new Maker(runtime, tools, new LogScript(tools, logs), bootId), bundles)),
                new Standing(true, how),
                processes,
                isolation);
    }
}
