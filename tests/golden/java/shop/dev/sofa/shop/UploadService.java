package dev.sofa.shop;

import java.io.InputStream;

/** No facade: a stream is no data. */
public interface UploadService {
    void upload(InputStream content);
}
