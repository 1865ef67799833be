package io.finback.nodeagent.image;

import java.util.List;

/**
 * An image that is unpacked here.
 *
 * @param id the digest of its configuration
 * @param layers their names in the store, lowest first
 */
public record StoredImage(String name, String id, ImageConfig config, List<String> layers) {
    public StoredImage {
        layers = List.copyOf(layers);
    }
}
