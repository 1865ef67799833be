package io.finback.nodeagent.oci;

import io.finback.nodeagent.image.ImageSettings;

/**
 * How images are run without an engine; the keys are under {@code finback.agent.images}.
 *
 * @param runtime {@code auto}, {@code none}, or a program with runc's command line
 * @param overlay whether layers are put together by the kernel where it can; false: always copied
 */
public record OciSettings(String runtime, boolean overlay, ImageSettings images) {}
