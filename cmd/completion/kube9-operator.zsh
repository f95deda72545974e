#compdef kube9-operator
# SPDX-License-Identifier: Apache-2.0
# zsh completion of kube9-operator. The program itself knows what may stand next.
_kube9-operator() {
    local line directive=4
    local -a candidates given
    given=("${(@Q)words[2,CURRENT]}")
    for line in "${(@f)$(${~words[1]} __complete "${(@)given}" 2>/dev/null)}"; do
        if [[ $line == :<-> ]]; then
            directive=${line#:}
        elif [[ $line == *$'\t'* ]]; then
            candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
        elif [[ -n $line ]]; then
            candidates+=("${line//:/\\:}")
        fi
    done
    [[ ${words[CURRENT]} != -*=* ]] || compset -P '*='
    if ((directive == 0)); then
        _files
    else
        _describe kube9-operator candidates
    fi
}
# Read from fpath it is the function's first call; sourced it is a script.
if [[ ${funcstack[1]} == _kube9-operator ]]; then
    _kube9-operator "$@"
else
    compdef _kube9-operator kube9-operator
fi
