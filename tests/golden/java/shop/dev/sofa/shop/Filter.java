package dev.sofa.shop;

import java.io.Serializable;

public interface Filter extends Serializable {
}
