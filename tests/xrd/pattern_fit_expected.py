"""Prints what pattern_fit_real_test.cpp expects of a fit to data/measured/MnO2.xy, without using this project's code.

Structure factors by gemmi, peaks by numpy, least squares by scipy. Needs numpy, scipy and gemmi.
"""
import pathlib

import gemmi
import numpy as np
from scipy.optimize import least_squares
from scipy.special import erf

ROOT = pathlib.Path(__file__).resolve().parents[2]
A, C, U_O = 4.4041, 2.8765, 0.3046
WAVELENGTHS = ((1.54056, 1.0), (1.54439, 0.5))
ATOMS = [("Mn", 0, 0, 0), ("Mn", 0.5, 0.5, 0.5), ("O", U_O, U_O, 0), ("O", 1 - U_O, 1 - U_O, 0), ("O", 0.5 - U_O, 0.5 + U_O, 0.5), ("O", 0.5 + U_O, 0.5 - U_O, 0.5)]

two_theta, counts = np.loadtxt(ROOT / "data/measured/MnO2.xy", usecols=(0, 1), unpack=True)


def variances(values, neighbours=4):
    last = len(values) - 1
    reach = [min(neighbours, i, last - i) for i in range(len(values))]
    return np.array([values[i - r : i + r + 1].mean() for i, r in enumerate(reach)])


def lines():
    """s and the summed |F|^2 of every line to 105 degrees."""
    energy = 12398.41984 / WAVELENGTHS[0][0]
    elements = {name: gemmi.Element(name) for name in ("Mn", "O")}
    dispersion = {name: complex(*gemmi.cromer_liberman(element.atomic_number, energy)) for name, element in elements.items()}
    found = {}
    for h, k, l in np.ndindex(15, 15, 9):
        h, k, l = h - 7, k - 7, l - 4
        s = np.sqrt((h * h + k * k) / A**2 + l * l / C**2) / 2
        if s == 0 or s * WAVELENGTHS[0][0] > np.sin(np.radians(105 / 2)):
            continue
        factor = sum((elements[e].it92.calculate_sf(s * s) + dispersion[e]) * np.exp(2j * np.pi * (h * x + k * y + l * z)) for e, x, y, z in ATOMS)
        found[round(s, 9)] = found.get(round(s, 9), 0) + abs(factor) ** 2
    return np.array(sorted(found)), np.array([found[s] for s in sorted(found)])


S, F_SQUARED = lines()
HALF = (two_theta[-1] - two_theta[0]) / (len(two_theta) - 1) / 2
ROOT_WEIGHT = 1 / np.sqrt(variances(counts))
BACKGROUND = np.polynomial.chebyshev.chebvander(2 * (two_theta - two_theta[0]) / (two_theta[-1] - two_theta[0]) - 1, 7)


def profile(parameters):
    zero, b_iso, w, x, y = parameters
    total = np.zeros_like(two_theta)
    for wavelength, share in WAVELENGTHS:
        theta = np.arcsin(wavelength * S)
        area = share * F_SQUARED * np.exp(-2 * b_iso * S**2) * (1 + np.cos(2 * theta) ** 2) / (np.sin(theta) ** 2 * np.cos(theta))
        g = np.full_like(S, np.sqrt(w))
        lorentz = x * np.tan(theta) + y / np.cos(theta)
        fwhm = (g**5 + 2.69269 * g**4 * lorentz + 2.42843 * g**3 * lorentz**2 + 4.47163 * g**2 * lorentz**3 + 0.07842 * g * lorentz**4 + lorentz**5) ** 0.2
        q = lorentz / fwhm
        for position, width, eta, a in zip(np.degrees(2 * theta) + zero, fwhm, 1.36603 * q - 0.47719 * q**2 + 0.11116 * q**3, area):
            low, high = two_theta - position - HALF, two_theta - position + HALF
            k = 2 * np.sqrt(np.log(2)) / width
            total += a * ((1 - eta) * (erf(high * k) - erf(low * k)) / 2 + eta * (np.arctan(2 * high / width) - np.arctan(2 * low / width)) / np.pi) / (2 * HALF)
    return total


def solved(parameters):
    peaks = profile(parameters)
    columns = np.column_stack([peaks, BACKGROUND])
    lengths = np.linalg.norm(columns * ROOT_WEIGHT[:, None], axis=0)
    factors = np.linalg.lstsq(columns * ROOT_WEIGHT[:, None] / lengths, counts * ROOT_WEIGHT, rcond=None)[0] / lengths
    return peaks * factors[0], BACKGROUND @ factors[1:]


def residual(parameters):
    peaks, background = solved(parameters)
    return (counts - peaks - background) * ROOT_WEIGHT


fit = least_squares(residual, [0, 1, 0.005, 0.1, 0.03], bounds=([-1, 0, 1e-6, 0, 0], [1, 20, 1, 2, 2]), x_scale=[0.001, 0.1, 0.001, 0.05, 0.01], xtol=1e-13, ftol=1e-13)
peaks, background = solved(fit.x)
measured = counts - background
print("zero, b_iso, W, X, Y:", *(f"{value:.6g}" for value in fit.x))
print(f"cosine {measured @ peaks / np.sqrt(measured @ measured * (peaks @ peaks)):.5f}")
print(f"R_wp {np.sqrt(2 * fit.cost / np.sum((counts * ROOT_WEIGHT) ** 2)):.5f}")
# From the Jacobian with the linear unknowns at their solution.
covariance = np.linalg.inv(fit.jac.T @ fit.jac) * 2 * fit.cost / (len(counts) - 14)
print("standard deviations:", *(f"{value:.3g}" for value in np.sqrt(np.diag(covariance))))
