package io.finback.nodeagent.docker;

import io.finback.nodeagent.image.RegistryLogin;

/**
 * The name of an image as {@code docker pull} takes it.
 *
 * @param repository with the registry in front where one is named
 * @param reference a tag, or a digest with its {@code sha256:}
 */
record ImageName(String repository, String reference) {
    /** Where images without a registry come from, as Docker's credential files call it. */
    static final String DOCKER_HUB = RegistryLogin.DOCKER_HUB;

    private static final String LATEST = "latest";

    static ImageName parse(String text) {
        int digest = text.indexOf('@');
        if (digest >= 0) {
            return new ImageName(withoutTag(text.substring(0, digest)), text.substring(digest + 1));
        }
        String repository = withoutTag(text);
        return new ImageName(
                repository, repository.length() == text.length() ? LATEST : text.substring(repository.length() + 1));
    }

    /** The host (and port) images come from, or {@link #DOCKER_HUB}. */
    String registry() {
        int slash = repository.indexOf('/');
        String first = slash < 0 ? "" : repository.substring(0, slash);
        boolean isHost = first.indexOf('.') >= 0 || first.indexOf(':') >= 0 || first.equals("localhost");
        return isHost && !first.equals("docker.io") ? first : DOCKER_HUB;
    }

    private static String withoutTag(String name) {
        int colon = name.lastIndexOf(':');
        return colon > name.lastIndexOf('/') ? name.substring(0, colon) : name;
    }

    @Override
    public String toString() {
        return repository + (reference.indexOf(':') >= 0 ? "@" : ":") + reference;
    }
}
