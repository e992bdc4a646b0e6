/**
 * What makes shells ask `p2p complete` for words. Nothing that is typed is evaluated: it goes to the program
 * word by word.
 */

type Shell = "bash" | "zsh" | "fish";

/** Also for bash 3.2, as on macOS, which knows neither `mapfile` nor `compopt`. */
const BASH = `# Completion of p2p for bash: source this, or put it into ~/.local/share/bash-completion/completions/p2p
_p2p() {
  local line word paths= cur=\${COMP_WORDS[COMP_CWORD]}
  local words=("\${COMP_WORDS[@]:1:COMP_CWORD-1}")
  COMPREPLY=()
  # What is typed so far may be quoted.
  cur=\${cur#[\\"\\']}
  cur=\${cur//\\\\/}
  while IFS= read -r line; do
    if [[ $line == :paths ]]; then
      paths=1
      continue
    fi
    printf -v word %q "\${line%%$'\\t'*}"
    COMPREPLY+=("$word")
  done < <(p2p complete -- "\${words[@]}" "$cur" 2>/dev/null)
  if [[ -n $paths ]]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r line; do
      COMPREPLY+=("$line")
    done < <(compgen -f -- "\${cur#=}")
  fi
}
complete -F _p2p p2p
`;

const ZSH = `#compdef p2p
# Completion of p2p for zsh: a folder of $fpath has it as _p2p; or source this after compinit.
_p2p() {
  local line paths=
  local -a rows
  while IFS= read -r line; do
    if [[ $line == :paths ]]; then
      paths=1
    else
      rows+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    fi
  done < <(p2p complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
  (( \${#rows} )) && _describe -t words p2p rows
  [[ -n $paths ]] && { compset -P '--*='; _files }
  return 0
}
if [[ \${funcstack[1]} == _p2p ]]; then
  _p2p "$@"
else
  compdef _p2p p2p
fi
`;

const FISH = `# Completion of p2p for fish: put this into ~/.config/fish/completions/p2p.fish, or source it.
function __p2p_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l lines (p2p complete -- $words[2..-1] 2>/dev/null)
    string match -v -- :paths $lines
    if contains -- :paths $lines
        __fish_complete_path (string replace -r -- '^--[^=]*=' '' (commandline -ct))
    end
end
complete -c p2p -e
complete -c p2p -f -a '(__p2p_complete)'
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** The script that a shell reads. */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}
