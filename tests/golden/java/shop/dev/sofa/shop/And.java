package dev.sofa.shop;

import java.util.List;

public class And implements Filter {
    private static final long serialVersionUID = 1L;
    public List<Filter> parts;
}
