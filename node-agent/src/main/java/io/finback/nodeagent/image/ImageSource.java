package io.finback.nodeagent.image;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/** One image where it was found. Used by one thread; blocks. */
interface ImageSource extends Closeable {
    /** Its configuration, byte for byte, checked against its digest where one is known. */
    byte[] config() throws IOException, ImageFailure;

    /** Its layers, lowest first. */
    List<Layer> layers();

    /**
     * A layer as it lies there.
     *
     * @param digest of the bytes that {@link #open} gives; empty text where none is known (the unpacked tar is checked anyway)
     * @param mediaType says how it is compressed; empty: its first bytes do
     */
    record Layer(String name, String digest, String mediaType) {}

    InputStream open(Layer layer) throws IOException, ImageFailure;
}
