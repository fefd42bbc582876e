package dev.sofa.shop;

import java.util.HashMap;

public class Attributes extends HashMap<String, String> {
    private static final long serialVersionUID = 1L;
}
