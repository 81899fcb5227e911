from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent

TEST = [
    "hypothesis >= 6.100",
    "import-linter >= 2.0",
    "mypy >= 1.11",
    "mypy-zope >= 1.0.7",
    "pytest >= 8.2",
    "roundup >= 2.4",
    "ruff >= 0.6",
    # Trac 1.6 still imports pkg_resources.
    "setuptools >= 70, < 81",
    "Trac >= 1.6",
    "trustme >= 1.1",
    "types-defusedxml >= 0.7",
    "types-pytz >= 2024.1",
]

setup(
    name="malonewatch",
    version="0.1.0",
    description="Watch bugs in other people's bug trackers",
    long_description=(HERE / "README.rst").read_text()
    + "\n\n"
    + (HERE / "CHANGES.rst").read_text(),
    long_description_content_type="text/x-rst",
    license="ZPL-2.1",
    license_files=["LICENSE"],
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Framework :: Zope",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Software Development :: Bug Tracking",
    ],
    python_requires=">= 3.10",
    package_dir={"": "src"},
    packages=find_packages("src"),
    package_data={
        "malonewatch": ["*.zcml", "py.typed"],
        "malonewatch.doc": ["*.rst"],
    },
    zip_safe=False,
    install_requires=[
        # Before 3.14.1 a small answer could be inflated without bound.
        "aiohttp >= 3.14.1",
        "BTrees >= 5.0",
        "click >= 8.1",
        "defusedxml >= 0.7.1",
        "persistent >= 5.0",
        "platformdirs >= 4.0",
        "pytz >= 2024.1",
        "RelStorage[sqlite3] >= 4.1",
        "rich >= 13.7",
        "transaction >= 4.0",
        "yarl >= 1.17",
        "zc.lockfile >= 3.0",
        "ZODB >= 6.0",
        "zodburi >= 3.0",
        "zope.component >= 6.0",
        "zope.configuration >= 5.0",
        "zope.event >= 5.0",
        "zope.interface >= 6.4",
        "zope.lifecycleevent >= 5.0",
        "zope.schema >= 7.0",
    ],
    extras_require={"test": TEST},
    entry_points={
        "console_scripts": [
            "checkwatches = malonewatch.checkwatches.script:main",
            "malonewatch = malonewatch.cli:main",
        ],
    },
)
