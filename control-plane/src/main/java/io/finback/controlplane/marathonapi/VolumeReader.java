package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.JsonNode;
import io.finback.controlplane.scheduler.AppContainer.HostVolume;
import io.finback.controlplane.scheduler.AppOptions.LocalVolume;
import io.finback.controlplane.scheduler.AppOptions.SecretFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads {@code container.volumes}: directories of the machine, persistent ones, and files with secrets. */
final class VolumeReader {
    /** In the order in which they were given. */
    record Found(List<HostVolume> host, List<LocalVolume> local, List<SecretFile> secrets) {
        static final Found NONE = new Found(List.of(), List.of(), List.of());
    }

    private static final String EXTERNAL =
            "external volumes are not supported (expected: a hostPath where the volume is mounted, or a persistent volume)";

    private final Problems problems;

    VolumeReader(Problems problems) {
        this.problems = problems;
    }

    Found read(Fields container) {
        Found found = new Found(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        var unused = container.list("volumes", (element, path) -> {
            one(container.element(element, path), path, found);
            return Optional.<JsonNode>empty();
        });
        return found;
    }

    private void one(Fields volume, String path, Found found) {
        String target = volume.text("containerPath").orElse("");
        String mode = volume.text("mode").orElse("RW");
        if (!mode.equals("RW") && !mode.equals("RO")) {
            problems.rule(path + "/mode", "'" + mode + "' (expected: RW or RO)");
        }
        if (volume.has("external")) {
            problems.rule(path + "/external", EXTERNAL);
        } else if (volume.has("persistent")) {
            if (mode.equals("RO")) {
                problems.rule(path + "/mode", "'RO' (expected: RW for a persistent volume)");
            }
            volume.object("persistent").flatMap(p -> persistent(p, target)).ifPresent(found.local()::add);
        } else if (volume.has("secret")) {
            volume.text("secret").ifPresent(secret -> found.secrets().add(new SecretFile(target, secret)));
        } else {
            found.host().add(new HostVolume(target, volume.text("hostPath").orElse(""), mode.equals("RO")));
        }
    }

    Optional<LocalVolume> persistent(Fields volume, String target) {
        String type = volume.text("type").orElse("root");
        if (!type.equals("root")) {
            problems.rule(
                    volume.path("type"),
                    "'" + type + "' is not supported (expected: 'root', the disk of the agent's own)");
        }
        for (String name : List.of("maxSize", "profileName", "constraints")) {
            if (volume.any(name)
                    .filter(n -> !n.isContainerNode() || !n.isEmpty())
                    .isPresent()) {
                problems.rule(volume.path(name), "is of other disks than 'root' (expected: absent)");
            }
        }
        Optional<Double> size = volume.number("size");
        if (size.isEmpty() && !volume.has("size")) {
            problems.type(volume.path("size"), "error.path.missing");
        }
        return size.map(mib -> new LocalVolume(target, mib));
    }
}
